import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatIndexEntry } from '../../../../src/apk/index/index-entry.ts';
import { createPackageReader, readPackage, type PackageSummary } from '../../../../src/apk/package/package-file.ts';
import type { PackageLimits } from '../../../../src/apk/package/package-limits.ts';
import { verifyDigest } from '../../../../src/apk/signature.ts';
import { encodeText } from '../../../../src/apk/text.ts';
import { digestOf, hexOf } from '../../../../src/oci/digest.ts';
import { GatewayError } from '../../../../src/errors.ts';
import { anApk, gzip, tarEntry } from '../../../support/an-apk.ts';
import { chunked, fixtures, hasShared, readFixture, sharedFolder, type Fixture } from '../fixtures.ts';

const foreignFormats = /android|bzip2|deb|html|plain-tar|rpm|v3-|xz|zstd/;

// Where the message has other words than the manifest's reason.
const otherWords: Readonly<Record<string, string>> = {
  'gzip data or datahash': 'gzip data',
  'apko counts members and takes 2 or 3 only': 'several signature members: apko',
};

function wordsOf({ why = '' }: Fixture): string {
  return otherWords[why] ?? (why.startsWith('not gzip: ') ? why : why.split(/[:;(]/)[0]!.trim());
}

function read(bytes: Uint8Array, limits?: Partial<PackageLimits>): Promise<PackageSummary> {
  return readPackage(chunked(bytes), limits);
}

async function refusalOf(bytes: Uint8Array, limits?: Partial<PackageLimits>): Promise<GatewayError> {
  const outcome = await read(bytes, limits).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(GatewayError);
  return outcome as GatewayError;
}

/** The record with the architecture as in the file: `all` is listed as noarch. */
function recordOf(summary: PackageSummary): Buffer {
  return encodeText(formatIndexEntry({ ...summary.entry, architecture: summary.architecture }));
}

describe('packages made for tests', () => {
  const packages = [...fixtures('good/', '.apk'), ...fixtures('broken/', '.apk')];
  const isTaken = ({ verdict }: Fixture) => verdict !== '400';

  it.each(packages.filter(isTaken))('takes $path: $what', async (fixture) => {
    const summary = await read(readFixture(fixture.path));
    expect(recordOf(summary).toString('latin1')).toBe(readFixture(fixture.record!).toString('latin1'));
    if (fixture.verdict === 'accept') expect(summary.warnings).toEqual([]);
    else expect(summary.warnings.join('\n')).toContain(wordsOf(fixture));
  });

  it.each(packages.filter((fixture) => !isTaken(fixture)))('refuses $path: $what', async (fixture) => {
    const refusal = await refusalOf(readFixture(fixture.path));
    expect(refusal.code).toBe(foreignFormats.test(fixture.path) ? 'PACKAGE_UNSUPPORTED' : 'PACKAGE_MALFORMED');
    expect(refusal.message).toContain(wordsOf(fixture));
    expect(refusal.message).not.toMatch(/\n/);
  });
});

describe.skipIf(!hasShared)('packages of other projects (skipped where LKARD_SHARED_FIXTURES has none)', () => {
  const packages = hasShared
    ? fixtures('good/real/', '.apk', sharedFolder)
    : [{ path: 'good/real', what: 'all' } as Fixture];
  it.each(packages)('takes $path: $what', async ({ path, record }) => {
    const summary = await read(readFixture(path, sharedFolder));
    expect(recordOf(summary).toString()).toBe(readFixture(record!, sharedFolder).toString());
  });
});

describe('a package that was read', () => {
  const key = createPrivateKey(readFixture('keys/test-only-2048.rsa'));
  const signWith = { key, keyName: 'test-only-2048.rsa.pub' };

  it('is described by its content, not by a file name', async () => {
    const bytes = anApk({ name: 'gtk-4.0-3', version: '1.0-r0', arch: 'aarch64', signWith });
    const summary = await read(bytes);
    expect(summary).toMatchObject({ fileName: 'gtk-4.0-3-1.0-r0.apk', architecture: 'aarch64', size: bytes.length });
    expect(summary.sha256).toBe(hexOf(digestOf(bytes)));
    expect(summary.identity).toBe(summary.entry.identity);
    expect(summary.entry.fileSize).toBe(bytes.length);
  });

  it('keeps arch "all" for its coordinates and lists it as noarch', async () => {
    const summary = await read(anApk({ name: 'demo', version: '1', arch: 'all' }));
    expect([summary.architecture, summary.entry.architecture]).toEqual(['all', 'noarch']);
  });

  it('tells its signatures and the digests they were made of', async () => {
    const summary = await read(anApk({ name: 'demo', version: '1', signWith }));
    expect(summary.signatures.map(({ algorithm, keyName }) => ({ algorithm, keyName }))).toEqual([
      { algorithm: 'RSA256', keyName: 'test-only-2048.rsa.pub' },
    ]);
    expect(`Q1${summary.controlDigests.sha1.toString('base64')}`).toBe(summary.identity);
    const { sha1, sha256 } = summary.controlDigests;
    const { bytes } = summary.signatures[0]!;
    expect(verifyDigest(sha256, bytes, createPublicKey(key), 'RSA256')).toBe(true);
    expect(verifyDigest(sha1, bytes, createPublicKey(key), 'RSA')).toBe(false);
  });

  it('has no signatures where it is unsigned', async () => {
    expect((await read(anApk({ name: 'demo', version: '1' }))).signatures).toEqual([]);
  });
});

describe('a package that clients would read in another way', () => {
  const zeros = Buffer.alloc(512);
  const signature = tarEntry({ name: '.SIGN.RSA256.a.rsa.pub' }, Buffer.alloc(256));
  const info = tarEntry({ name: '.PKGINFO' }, `pkgname = a\npkgver = 1\narch = x86_64\ndatahash = ${'0'.repeat(64)}\n`);
  const rename = tarEntry({ name: 'pax', type: 'x' }, '17 path=.PKGINFO\n');
  const long = Buffer.from(tarEntry({ name: '././@LongLink', type: 'x' }, '.PKGINFO\0'));
  long.write('L', 156);
  const unknown = Buffer.from(tarEntry({ name: '.odd' }, ''));
  unknown.write('Z', 156);

  it.each([
    [
      'end-of-archive mark',
      [
        [signature, zeros],
        [info, zeros],
      ],
    ],
    ['end-of-archive mark', [[zeros, info, zeros]]],
    ['ends inside an entry', [[signature, rename], [info]]],
    ['two extension headers', [[rename, rename, info]]],
    ['two extension headers', [[long, long, info]]],
    ['unknown type', [[unknown, info]]],
  ])('is refused: %s', async (words, members) => {
    const bytes = Buffer.concat(members.map((blocks) => gzip(Buffer.concat(blocks))));
    expect((await refusalOf(bytes)).message).toContain(words);
  });
});

describe('limits', () => {
  it('stops a file that grows past the limit', async () => {
    const bytes = anApk({ name: 'demo', version: '1', dataBytes: 5000 });
    expect((await refusalOf(bytes, { maxFileBytes: 4000 })).code).toBe('SIZE_EXCEEDED');
    await expect(read(bytes, { maxFileBytes: bytes.length })).resolves.toBeDefined();
  });

  it('inflates no more of a control bomb than the limit and one step', async () => {
    const bomb = gzip(tarEntry({ name: '.bomb' }, Buffer.alloc(128 * 2 ** 20)));
    const before = process.memoryUsage().rss;
    expect((await refusalOf(bomb)).message).toBe('control section too large');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  it('refuses a file whose gzip header never ends', async () => {
    const header = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(200_000, 'n')]);
    expect((await refusalOf(header)).message).toContain('gzip header');
  });

  it('can be given up half-way', async () => {
    const reader = createPackageReader();
    await reader.write(anApk({ name: 'demo', version: '1', dataBytes: 5000 }).subarray(0, 2000));
    reader.close();
    await expect(reader.end()).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
  });
});
