import { describe, expect, it } from 'vitest';
import { peekKind } from '../../../../src/repository/artifacts/package-tag.ts';
import { aCaller, aClock, aReplica, at, listedBy } from '../../../support/a-repository.ts';
import { createMemoryStore, type MemoryStoreOptions } from '../../../support/memory-store.ts';

const hourMs = 60 * 60_000;

function aWorld(options: MemoryStoreOptions = {}) {
  const clock = aClock();
  const store = createMemoryStore(options);
  const replica = aReplica({ store, clock });
  const { repositories } = replica;
  const told = async (place = at, options: { limit?: number; before?: Date } = {}) => {
    const history = await clock.until(repositories.history(place, aCaller('reader'), { limit: 100, ...options }));
    return history.events.map(({ event, by = 'nobody', name, version, reason, from }) =>
      [event, `${name}-${version}`, by, reason ?? from].filter((one) => one !== undefined).join(' '),
    );
  };
  return { clock, replica, repositories, told };
}

describe('the history of a repository', () => {
  it('tells what was published, withdrawn, restored and deleted, by whom and why, the latest first', async () => {
    const { clock, replica, repositories, told } = aWorld();
    await replica.push([{ name: 'app', version: '1-r0' }]);
    clock.pass(hourMs);
    await replica.push([{ name: 'lib', version: '1-r0' }]);
    clock.pass(hourMs);
    await clock.until(repositories.withdrawFiles(at, { names: ['app'] }, aCaller('ann'), { reason: 'it breaks' }));
    clock.pass(hourMs);
    await clock.until(repositories.deleteFiles(at, { names: ['lib'] }, aCaller('bob')));
    expect(await told()).toEqual([
      'deleted lib-1-r0 bob',
      'withdrawn app-1-r0 ann it breaks',
      expect.stringMatching(/^published lib-1-r0/),
      expect.stringMatching(/^published app-1-r0/),
    ]);
    clock.pass(hourMs);
    await clock.until(repositories.restoreFiles(at, { names: ['app'] }, aCaller('ann')));
    expect(await listedBy(clock, replica)).toEqual(['app-1-r0']);
    expect((await told())[0]).toBe('restored app-1-r0 ann');
    clock.pass(hourMs);
    await clock.until(repositories.deleteFiles(at, { names: ['app'] }, aCaller('bob')));
    expect((await told()).slice(0, 2)).toEqual(['deleted app-1-r0 bob', 'restored app-1-r0 ann']);
  });

  it('tells where a package was promoted from, and by whom', async () => {
    const { clock, replica, repositories, told } = aWorld();
    await replica.push([{ name: 'app', version: '1-r0' }]);
    const to = { ...at, branch: 'stable' } as unknown as typeof at;
    await clock.until(repositories.promote({ from: at, to, packages: ['app'] }, aCaller('ann')));
    expect(await told(to)).toEqual([`promoted app-1-r0 ann ${at.image}/${at.branch}/${at.repository}`]);
    expect(await told()).toEqual(['published app-1-r0 ci']);
  });

  it.each(['deleteFiles', 'withdrawFiles'] as const)('tells how a package came, also after %s', async (leave) => {
    const { clock, replica, repositories, told } = aWorld();
    await replica.push([{ name: 'app', version: '1-r0' }]);
    const to = { ...at, branch: 'stable' } as unknown as typeof at;
    await clock.until(repositories.promote({ from: at, to, packages: ['app'] }, aCaller('ann')));
    for (const place of [at, to]) await clock.until(repositories[leave](place, { names: ['app'] }, aCaller('bob')));
    const how = leave === 'deleteFiles' ? 'deleted' : 'withdrawn';
    const from = `${at.image}/${at.branch}/${at.repository}`;
    expect(new Set(await told(to))).toEqual(new Set([`${how} app-1-r0 bob`, `promoted app-1-r0 ann ${from}`]));
    expect(new Set(await told())).toEqual(new Set([`${how} app-1-r0 bob`, 'published app-1-r0 ci']));
  });

  it('is told in parts that miss nothing of one moment, and reads each tombstone once', async () => {
    const fetched: string[] = [];
    const { clock, replica, repositories } = aWorld({
      before: ({ operation, reference = '' }) => {
        if (operation === 'fetchManifest' && ['tombstone', 'withdrawn'].includes(peekKind(reference) ?? ''))
          fetched.push(reference);
        return Promise.resolve();
      },
    });
    await replica.push(Array.from({ length: 5 }, (_, i) => ({ name: `app${i}`, version: '1-r0' })));
    await clock.until(repositories.deleteFiles(at, { names: ['app0', 'app1'] }, aCaller('bob')));
    const told: string[] = [];
    let place: { before?: Date; skip?: number } | undefined = {};
    while (place !== undefined) {
      const asked = repositories.history(at, aCaller('reader'), { limit: 2, ...place });
      const { events, next } = await clock.until(asked);
      told.push(...events.map(({ event, name }) => `${event} ${name}`));
      place = next;
    }
    expect(told.toSorted()).toEqual([
      ...['deleted app0', 'deleted app1'],
      ...['published app0', 'published app1', 'published app2', 'published app3', 'published app4'],
    ]);
    expect(new Set(fetched).size).toBe(fetched.length);
  });

  it('is told in parts', async () => {
    const { clock, replica, told } = aWorld();
    for (const version of ['1-r0', '2-r0', '3-r0']) {
      await replica.push([{ name: 'app', version }]);
      clock.pass(hourMs);
    }
    expect(await told(at, { limit: 1 })).toEqual(['published app-3-r0 ci']);
    const before = new Date(clock.now() - 2 * hourMs);
    expect(await told(at, { before })).toEqual(['published app-1-r0 ci']);
  });

  it('says since when deletions are remembered', async () => {
    const { clock, replica, repositories } = aWorld();
    await replica.push([{ name: 'app', version: '1-r0' }]);
    const history = await clock.until(repositories.history(at, aCaller('reader'), { limit: 1 }));
    expect(history.isComplete).toBe(true);
    expect(clock.now() - history.deletionsSince.getTime()).toBeGreaterThanOrEqual(24 * hourMs);
  });

  it('is nobody’s who is shown nothing', async () => {
    const { clock, repositories } = aWorld();
    const asked = repositories.history(at, aCaller('reader'), { limit: 1 });
    await expect(clock.until(asked)).rejects.toMatchObject({ code: 'REPOSITORY_UNKNOWN' });
  });
});
