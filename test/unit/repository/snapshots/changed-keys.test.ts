import { expect, it } from 'vitest';
import { readIndexFile } from '../../../../src/apk/index/index-file.ts';
import type { SigningKeys } from '../../../../src/repository/keys/signing-keys.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys } from '../../../support/a-repository.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';

const minuteMs = 60_000;
const other = 'test-only-4096.rsa';

it('a snapshot is signed by the keys that there are when it is read, also on replicas that had it before', async () => {
  const clock = aClock();
  const store = createMemoryStore();
  let keys = fixedKeys(aSigningKey());
  const changing: SigningKeys = {
    arePerImage: false,
    ofImage: (image, options) => keys.ofImage(image, options),
    ofImageForWriting: (image, options) => keys.ofImageForWriting(image, options),
  };
  const replica = aReplica({ store, clock, keys: changing });
  await replica.push([{ name: 'hello', version: '1.0-r0' }]);
  await clock.until(replica.repositories.createSnapshot(at, 'first', aCaller('ci')));
  const signers = async ({ repositories }: typeof replica) => {
    const place = { ...at, branch: `${at.branch}@first` };
    const index = await clock.until(repositories.openIndex(place, 'x86_64', aCaller('reader')));
    const read = readIndexFile(index!.bytes);
    return [read.entries.length, ...read.signatures.map(({ keyName }) => keyName)];
  };
  expect(await signers(replica)).toEqual([1, aSigningKey().fileName]);
  keys = fixedKeys(aSigningKey(other), aSigningKey());
  clock.pass(2 * minuteMs);
  const both = [aSigningKey(other).fileName, aSigningKey().fileName];
  expect(await signers(replica)).toEqual([1, ...both]);
  keys = fixedKeys(aSigningKey(other));
  clock.pass(2 * minuteMs);
  expect(await signers(replica)).toEqual([1, both[0]]);
  expect(await signers(aReplica({ store, clock, keys }))).toEqual([1, both[0]]);
});
