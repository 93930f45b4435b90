import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isIndexV3Trusted, makeIndexV3File, readIndexV3File } from '../../../../src/apk/index-v3/index-v3-file.ts';
import type { IndexV3Entry } from '../../../../src/apk/index-v3/index-v3-entry.ts';
import { compareIndexEntries, parseIndexEntry } from '../../../../src/apk/index/index-entry.ts';
import { readPackageV3 } from '../../../../src/apk/package-v3/package-v3-file.ts';
import { dumpAdb } from '../../../support/adb-dump.ts';
import { readForDump } from '../adb/read-fixture.ts';
import { chunked, fixtures, readFixture, trustedKeys } from '../fixtures.ts';

const keys = trustedKeys();
const keyOf = (name: string) => {
  const privateKey = createPrivateKey(readFixture(`keys/${name}`));
  return { privateKey, publicKey: createPublicKey(privateKey) };
};
const rsa = keyOf('test-only-2048.rsa');
const ec = keyOf('test-only-p256.pem');

async function fixtureEntries(): Promise<IndexV3Entry[]> {
  const files = fixtures('v3/', '.apk').map(({ path }) => readFixture(path));
  const packages = await Promise.all(files.map((file) => readPackageV3(chunked(file))));
  return packages.map(({ entry }) => entry).sort(compareIndexEntries);
}

/** The records alone: how large the payload is and who signed it differs. */
async function recordsOf(file: Uint8Array): Promise<string> {
  const dump = dumpAdb(await readForDump(file, keys.values()));
  return dump.replace(/^# (?:ADB block|sig).*\n/gm, '');
}

describe('a Packages.adb', () => {
  it('has the records that apk mkndx makes of the same packages', async () => {
    const made = await makeIndexV3File(await fixtureEntries(), { description: 'test index' }, [rsa]);
    expect(await recordsOf(made)).toBe(await recordsOf(readFixture('v3/Packages.adb')));
  });

  it('may say where packages are', async () => {
    const about = { description: 'test index', pkgnameSpec: '${arch}/${name}-${version}.apk' };
    const made = await makeIndexV3File(await fixtureEntries(), about, [rsa, ec]);
    expect(await recordsOf(made)).toBe(await recordsOf(readFixture('v3/Packages-plain.adb')));
  });

  it('lists v2 packages beside v3 ones, as apk mkndx does', async () => {
    const identity = Buffer.from('503a6229de0dff8a8cda3e016ca62f20cc218d60', 'hex').toString('base64');
    const record = `C:Q1${identity}\nP:v2pkg\nV:1.0-r0\nA:x86_64\nS:902\nI:9\nT:a test package\nU:https://example.org/\nL:MIT\n`;
    const v2 = parseIndexEntry(`${record}o:v2pkg\nt:1700000000\n`);
    const entries = [v2, ...(await fixtureEntries())].filter(({ name }) => name !== 'v3-hello');
    const made = await makeIndexV3File(entries, { description: 'mixed' }, [rsa]);
    expect(await recordsOf(made)).toBe(await recordsOf(readFixture('v3/Packages-mixed.adb')));
  });

  it('is the same bytes each time where RSA keys sign', async () => {
    const make = async () => makeIndexV3File(await fixtureEntries(), { description: 'x' }, [rsa]);
    expect(Buffer.compare(await make(), await make())).toBe(0);
  });

  it('is trusted with any of its keys, and with no other', async () => {
    const file = await readIndexV3File(await makeIndexV3File(await fixtureEntries(), { description: 'x' }, [rsa, ec]));
    const other = createPublicKey(readFixture('keys/test-only-untrusted.rsa.pub'));
    expect(
      [[rsa.publicKey], [ec.publicKey], [other, ec.publicKey], [other], []].map((known) =>
        isIndexV3Trusted(file, known),
      ),
    ).toEqual([true, true, true, false, false]);
  });

  it('may list nothing', async () => {
    const { index } = await readIndexV3File(await makeIndexV3File([], { description: 'empty' }, [rsa]));
    expect(index).toEqual({ description: 'empty' });
  });
});

describe('an index that no client should use', () => {
  const verdicts: Readonly<Record<string, RegExp | 'untrusted'>> = {
    'v3/bad-compat-version.adb': /later version/,
    'v3/bad-offset.adb': /outside the payload/,
    'v3/bad-payload-changed.adb': 'untrusted',
    'v3/bad-schema.adb': /unknown schema/,
    'v3/bad-self-reference.adb': /another type/,
    'v3/bad-truncated.adb': /truncated/,
    'v3/bad-unknown-compression.adb': /algorithm 9/,
    'v3/bad-unsigned.adb': /no signature/,
  };

  it.each(fixtures('v3/bad-', '.adb'))('is refused: $what ($path)', async ({ path }) => {
    const why = verdicts[path]!;
    const reading = readIndexV3File(readFixture(path));
    if (why === 'untrusted') expect(isIndexV3Trusted(await reading, keys.values())).toBe(false);
    else
      await expect(reading).rejects.toMatchObject({
        code: 'INDEX_MALFORMED',
        message: expect.stringMatching(why) as string,
      });
  });

  it.each(fixtures('v3/Packages', '.adb'))('is not one that apk 3 trusts: $path', async ({ path }) => {
    expect(isIndexV3Trusted(await readIndexV3File(readFixture(path)), keys.values())).toBe(true);
  });

  it('is refused where it is a package', async () => {
    await expect(readIndexV3File(readFixture('v3/v3-meta-1.0-r0.apk'))).rejects.toMatchObject({
      code: 'INDEX_MALFORMED',
    });
  });
});
