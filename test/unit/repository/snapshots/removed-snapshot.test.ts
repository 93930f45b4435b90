import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys } from '../../../support/a-repository.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

describe('a snapshot that was removed', () => {
  it('is not served once more by who removed it, though the registry is away', async () => {
    const clock = aClock();
    let isAway = false;
    const before = () =>
      isAway ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'answers 503')) : Promise.resolve();
    const replica = aReplica({ store: createMemoryStore({ before }), clock, keys: fixedKeys(aSigningKey()) });
    await replica.push([{ name: 'hello', version: '1.0-r0' }]);
    const { repositories } = replica;
    await clock.until(repositories.createSnapshot(at, 'first', aCaller('ci')));
    await clock.until(repositories.createSnapshot(at, 'second', aCaller('ci')));
    const read = (name: string) =>
      clock.until(repositories.openIndex({ ...at, branch: `${at.branch}@${name}` }, 'x86_64', aCaller('reader')));
    expect([(await read('first'))?.count, (await read('second'))?.count]).toEqual([1, 1]);

    await clock.until(repositories.removeSnapshot(at, 'first', aCaller('ci')));
    isAway = true;
    await expect(read('first')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await read('second')).toMatchObject({ isStale: true, count: 1 });
    isAway = false;
    await expect(read('first')).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
  });
});
