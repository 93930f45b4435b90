import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashAlgorithms, isSignedBy } from '../../../../src/apk/adb/signature.ts';
import type { AdbDirectory, AdbPackageInfo } from '../../../../src/apk/adb/schemas.ts';
import { readPackageV3 } from '../../../../src/apk/package-v3/package-v3-file.ts';
import type { PackageV3Summary } from '../../../../src/apk/package-v3/package-v3-summary.ts';
import { aV3Apk, deflated, v3File, v3Parts, v3Payload, v3Signature } from '../../../support/a-v3-apk.ts';
import { chunked, fixtures, readFixture, trustedKeys } from '../fixtures.ts';

const read = (bytes: Uint8Array, options = {}): Promise<PackageV3Summary> => readPackageV3(chunked(bytes), options);
const malformed = { code: 'PACKAGE_MALFORMED' };
const hello = 'v3/v3-hello-1.2.3-r4.apk';

describe('a v3 package', () => {
  it('is told with all that its index record needs', async () => {
    const { info, fileName, architecture, identity, size, warnings } = await read(readFixture(hello));
    expect({ fileName, architecture, size, warnings }).toEqual({
      fileName: 'v3-hello-1.2.3-r4.apk',
      architecture: 'x86_64',
      size: 1272,
      warnings: [],
    });
    expect(Buffer.from(identity.slice(2), 'base64').toString('hex')).toBe(
      '4049a0c4e07dfe9b96d7d6e9f1b666ce98d5b4b556329ed5bd8f506696a4e9bf',
    );
    expect(info).toEqual({
      name: 'v3-hello',
      version: '1.2.3-r4',
      architecture: 'x86_64',
      description: 'Hello in version 3',
      url: 'https://example.org/',
      license: 'MIT',
      origin: 'v3-hello',
      maintainer: 'Test <test@example.org>',
      commit: '0123456789abcdef0123456789abcdef01234567',
      buildTime: 1_700_000_000,
      installedSize: 22,
      providerPriority: 10,
      depends: ['busybox>=1.36', '!old', 'so:libc.musl-x86_64.so.1'],
      provides: ['cmd:v3-hello=1.2.3-r4', 'virtual'],
      replaces: ['old-hello'],
      installIf: ['docs', 'v3-base=1.2.3-r4'],
      recommends: ['nice'],
      tags: ['vendor:x=1', 't2'],
      layer: undefined,
    });
  });

  it.each(fixtures('v3/', '.apk'))('is read the same in chunks of any size: $path', async ({ path }) => {
    const file = readFixture(path);
    const whole = await read(file);
    for (const bytes of [1, 2, 3, 5, 8, 13, 100]) expect(await readPackageV3(chunked(file, [bytes]))).toEqual(whole);
  });

  it.each(fixtures('v3/', '.apk'))('is refused wherever it is cut short: $path', async ({ path }) => {
    const file = readFixture(path);
    for (let length = 0; length < file.length; length += 3)
      await expect(read(file.subarray(0, length))).rejects.toMatchObject(malformed);
  });

  it.each([
    ['hello', hello, 'test-only-4096.rsa.pub'],
    ['meta', 'v3/v3-meta-1.0-r0.apk', 'test-only-2048.rsa.pub'],
    ['zstd', 'v3/v3-zstd-1.0~abc123-r0.apk', 'test-only-p256.rsa.pub'],
  ])('shows by which key it was signed: %s', async (_, path, signer) => {
    const { signatures, signed } = await read(readFixture(path));
    const signers = [...trustedKeys()].filter(([, key]) => signatures.some((one) => isSignedBy(signed, one, key)));
    expect(signers.map(([name]) => name)).toEqual([signer]);
  });

  it('is not taken for signed once its payload was changed, or its signature names another digest', async () => {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { payload, data } = v3Parts();
    const signature = await v3Signature(payload, keys);
    const right = await read(v3File(payload, { signatures: [signature], data }));
    expect(isSignedBy(right.signed, right.signatures[0]!, keys.publicKey)).toBe(true);
    const other = v3Parts({ version: '2.0-r0' });
    const wrong = await read(v3File(other.payload, { signatures: [signature], data: other.data }));
    expect(isSignedBy(wrong.signed, wrong.signatures[0]!, keys.publicKey)).toBe(false);
    const relabelled = Buffer.from(signature);
    relabelled[1] = hashAlgorithms.sha256;
    const renamed = await read(v3File(payload, { signatures: [relabelled], data }));
    expect(isSignedBy(renamed.signed, renamed.signatures[0]!, keys.publicKey)).toBe(false);
    const foreign = createPublicKey(readFixture('keys/test-only-ed25519.pub.pem'));
    expect(isSignedBy(right.signed, right.signatures[0]!, foreign)).toBe(false);
  });

  it('has the same identity however it is compressed or signed', async () => {
    const plain = aV3Apk();
    expect((await read(deflated(plain))).identity).toBe((await read(plain)).identity);
  });
});

describe('the data of a v3 package', () => {
  const files = { 'etc/a': 'one', 'etc/b': 'two', 'usr/c': 'three' };
  const { payload, data } = v3Parts({ files });

  it('is what its files say', async () => {
    await expect(read(v3File(payload, { data }))).resolves.toMatchObject({ fileName: 'demo-1.0-r0.apk' });
  });

  it.each([
    ['was altered', data.map((block) => ({ ...block, content: Buffer.from(block.content).reverse() }))],
    [
      'is of another length',
      data.map((block) => ({ ...block, content: Buffer.concat([block.content, block.content]) })),
    ],
    ['is missing at the end', data.slice(0, -1)],
    ['is missing at the beginning', data.slice(1)],
    ['is in another order', [data[1]!, data[0]!, data[2]!]],
    ['is there twice', [...data, data[2]!]],
    ['is of a file that is not there', data.map((block) => ({ ...block, file: block.file + 7 }))],
    ['is missing altogether', []],
  ])('is refused where it %s', async (_, wrong) => {
    await expect(read(v3File(payload, { data: wrong }))).rejects.toMatchObject(malformed);
  });

  const directory = (files: AdbDirectory['files']): AdbDirectory[] => [{ name: 'etc', files }];
  const link = (target: string, mode = 0xa000) =>
    Buffer.concat([Buffer.of(mode & 255, mode >> 8), Buffer.from(target)]);

  it.each<[string, AdbDirectory[]]>([
    ['a path that leads upwards', [{ name: 'usr/../../etc', acl: { mode: 0o755 } }]],
    ['a path from the root', [{ name: '/etc', acl: { mode: 0o755 } }]],
    ['a file named ..', directory([{ name: '..', size: 0, hash: Buffer.alloc(32) }])],
    ['a file with a slash in its name', directory([{ name: 'a/b', size: 0, hash: Buffer.alloc(32) }])],
    ['a file without a name', directory([{ size: 0, hash: Buffer.alloc(32) }])],
    ['a file without a hash', directory([{ name: 'a', size: 0 }])],
    ['a file with a hash of odd length', directory([{ name: 'a', size: 0, hash: Buffer.alloc(31) }])],
    ['a link of unknown kind', directory([{ name: 'a', target: link('b', 0x4000) }])],
    ['a device without a number', directory([{ name: 'a', target: link('b', 0x2000) }])],
  ])('is refused with %s', async (_, paths) => {
    await expect(read(aV3Apk({ paths, data: [] }))).rejects.toMatchObject(malformed);
  });

  it('may hold links, devices and empty files, which have no block', async () => {
    const paths = directory([
      { name: 'a', target: link('b') },
      { name: 'b', size: 0, hash: Buffer.alloc(32) },
      { name: 'c', target: link('12345678', 0x2000) },
    ]);
    await expect(read(aV3Apk({ paths, data: [] }))).resolves.toMatchObject({ warnings: [] });
  });
});

describe('what a v3 package says of itself', () => {
  const withInfo = (info: AdbPackageInfo) => aV3Apk({ info });

  it.each<[string, AdbPackageInfo]>([
    ['no name', { name: undefined }],
    ['a name with a slash', { name: '../a' }],
    ['no version', { version: undefined }],
    ['a version with a space', { version: '1 2' }],
    ['no arch', { arch: undefined }],
    ['an arch that is a path', { arch: '../x' }],
    ['a line end in the description', { description: 'a\nP:b' }],
    ['an escape in the maintainer', { maintainer: '\x1b[31m' }],
    ['a line end in a tag', { tags: ['a\nb'] }],
    ['a line end in a dependency', { depends: [{ name: 'a\nb' }] }],
    ['a dependency without a name', { depends: [{ version: '1' }] }],
    ['a dependency with a space', { depends: [{ name: 'a b' }] }],
    ['a dependency on a version that is none', { depends: [{ name: 'a', version: '1.0-beta' }] }],
    ['a dependency compared in a way nobody knows', { depends: [{ name: 'a', version: '1', match: 64 }] }],
    ['a dependency of over 255 bytes', { depends: [{ name: 'a'.repeat(256) }] }],
    ['a replacement of over 255 bytes', { replaces: [{ name: 'a'.repeat(256) }] }],
    ['a licence that breaks the database of clients', { license: 'x'.repeat(2100) }],
    ['a size of over 18 digits', { installedSize: 10n ** 18n }],
  ])('is refused with %s', async (_, info) => {
    await expect(read(withInfo(info))).rejects.toMatchObject(malformed);
  });

  it.each<[string, AdbPackageInfo, RegExp]>([
    ['a version that apk cannot compare', { version: '1.0+git1' }, /version is not valid/],
    ['arch all', { arch: 'all' }, /listed as noarch/],
    ['a strange version in provides', { provides: [{ name: 'a', version: 'v2' }] }, /version in provides/],
    ['a text that is not UTF-8', { description: '\udcff' }, /not UTF-8/],
    ['files but no size', { installedSize: 0 }, /installed-size is 0/],
  ])('is taken with a warning: %s', async (_, info, warning) => {
    const { warnings } = await read(withInfo(info));
    expect(warnings.join('\n')).toMatch(warning);
  });

  it('may be a description that is longer than the old format takes', async () => {
    await expect(read(withInfo({ description: 'x'.repeat(3000) }))).resolves.toMatchObject({ warnings: [] });
  });

  it('lists "all" as noarch', async () => {
    const { architecture, entry } = await read(withInfo({ arch: 'all' }));
    expect([architecture, entry.architecture]).toEqual(['all', 'noarch']);
  });

  it.each(['>=1', '<1', '~1.2', '>~1', '<~1', '=1-r0', '<=2', '>3'])(
    'keeps a dependency as it was: a%s',
    async (rest) => {
      const { info } = await read(aV3Apk({ depends: [`a${rest}`, `!b${rest}`] }));
      expect(info.depends).toEqual([`a${rest}`, `!b${rest}`]);
    },
  );
});

describe('a file that is no v3 package', () => {
  it.each([
    ['an index', readFixture('v3/Packages.adb'), /index, not a package/],
    ['a v2 package', readFixture('good/abuild-hello-2.10-r3.apk'), /no ADB file/],
    ['nothing', Buffer.alloc(0), /empty/],
    ['one byte', Buffer.from('A'), /truncated/],
  ])('is refused: %s', async (_, bytes, why) => {
    await expect(read(bytes)).rejects.toMatchObject({ ...malformed, message: expect.stringMatching(why) as string });
  });

  it('is refused once it is too large', async () => {
    const error = { code: 'SIZE_EXCEEDED', details: { maxBytes: 100 } };
    await expect(read(aV3Apk(), { maxFileBytes: 100 })).rejects.toMatchObject(error);
  });

  it.each([
    ['payload', { maxPayloadBytes: 100 }],
    ['values', { maxValueBytes: 100 }],
    ['files', { maxEntries: 1 }],
    ['data', { maxDataBytes: 5 }],
  ])('is refused past each limit: %s', async (_, limits) => {
    await expect(read(aV3Apk(), limits)).rejects.toMatchObject(malformed);
  });

  it('is refused with more signatures than clients look at', async () => {
    const { payload, data } = v3Parts();
    const signatures = Array.from({ length: 17 }, () => Buffer.concat([Buffer.of(0, 4), Buffer.alloc(40)]));
    await expect(read(v3File(payload, { signatures, data }))).rejects.toMatchObject(malformed);
  });

  it('is refused without an info', async () => {
    await expect(read(v3File(v3Payload({ replacesPriority: 1 })))).rejects.toMatchObject(malformed);
  });
});
