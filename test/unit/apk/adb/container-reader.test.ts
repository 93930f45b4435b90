import { describe, expect, it } from 'vitest';
import { adbKeyId } from '../../../../src/apk/adb/signature.ts';
import { dumpAdb } from '../../../support/adb-dump.ts';
import { fixtures, readFixture, readJson, trustedKeys } from '../fixtures.ts';
import { readContainer, readForDump } from './read-fixture.ts';

interface Good {
  readonly path: string;
  readonly identity: string;
  readonly dump: string;
}

const keys = trustedKeys();
const good = fixtures('v3/', '').filter(({ verdict }) => verdict === 'good') as unknown as Good[];

describe('a file of the new format', () => {
  it.each(good)('is read as apk 3 reads it: $path', async ({ path, dump }) => {
    const read = await readForDump(readFixture(path), keys.values());
    expect(dumpAdb(read)).toBe(readFixture(dump).toString());
  });

  it.each(good)('has the identity that apk 3 gives it: $path', async ({ path, identity }) => {
    const { container } = await readContainer(readFixture(path));
    expect(Buffer.from(container.identity).toString('hex')).toBe(identity);
  });

  it.each(good)('is read the same one byte at a time: $path', async ({ path }) => {
    const file = readFixture(path);
    expect(await readContainer(file, 1)).toEqual(await readContainer(file));
  });

  it.each(good)('is refused wherever it is cut short: $path', async ({ path }) => {
    const file = readFixture(path);
    const { container, dataSizes } = await readContainer(file);
    for (let length = 0; length < file.length; length += 7) {
      const read = await readContainer(file.subarray(0, length)).catch(() => undefined);
      // A cut between two blocks of a plain file can't be seen here: data then is less than the payload says.
      if (read !== undefined)
        expect(read.dataSizes.length + read.container.signatures.length).toBeLessThan(
          dataSizes.length + container.signatures.length,
        );
    }
  });

  it.each(good)('is refused with a byte behind its end: $path', async ({ path }) => {
    await expect(readContainer(Buffer.concat([readFixture(path), Buffer.alloc(1)]))).rejects.toThrow();
  });

  it('names keys by the ids that apk 3 gives them', () => {
    const ids = readJson('keys/v3-key-ids.json') as Record<string, string>;
    const named = Object.entries(ids).map(([name]) => [
      name,
      adbKeyId(keys.get(name.replace('p256.pub.pem', 'p256.rsa.pub')) ?? keys.get(name)!),
    ]);
    expect(Object.fromEntries(named)).toEqual(ids);
  });
});
