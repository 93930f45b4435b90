import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeIndexV3File, type IndexV3Key } from '../../src/apk/index-v3/index-v3-file.ts';
import type { IndexV3Entry } from '../../src/apk/index-v3/index-v3-entry.ts';
import { compareIndexEntries } from '../../src/apk/index/index-entry.ts';
import { readPackage } from '../../src/apk/package/package-file.ts';
import { readPackageV3 } from '../../src/apk/package-v3/package-v3-file.ts';
import { aV3Apk } from '../support/a-v3-apk.ts';
import { dumpAdb, withoutV2Replaces } from '../support/adb-dump.ts';
import { anApk } from '../support/an-apk.ts';
import { isValidVersion } from '../../src/apk/version.ts';
import { clientTitle, findClient } from '../support/clients.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { readForDump } from '../unit/apk/adb/read-fixture.ts';
import { chunked, fixtureFolder, fixtures, readFixture } from '../unit/apk/fixtures.ts';
import { makeApkRoot, mayInstall, runProgram } from './apk-root.ts';

const apk3 = findClient('apk3');
const key = (name: string): IndexV3Key => {
  const privateKey = createPrivateKey(readFixture(`keys/${name}`));
  return { privateKey, publicKey: createPublicKey(privateKey) };
};
const rsa = key('test-only-2048.rsa');
const ec = key('test-only-p256.pem');

async function aFolder(): Promise<string> {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  return folder.path;
}

async function runApk(...args: readonly string[]): Promise<string> {
  const { exitCode, output } = await runProgram(apk3?.program ?? '', args, {});
  if (exitCode !== 0) throw new Error(`apk ${args.join(' ')}: ${output}`);
  return output;
}

/** What adbdump tells of the records: neither sizes nor signatures. */
async function recordsOf(file: string): Promise<string> {
  return (await runApk('adbdump', file)).replace(/^# .*\n/gm, '');
}

interface Summary {
  readonly entry: IndexV3Entry;
  readonly architecture: string;
}

async function summaryOf(file: Uint8Array): Promise<Summary> {
  const isV3 = Buffer.from(file.subarray(0, 3)).toString() === 'ADB';
  return isV3 ? readPackageV3(chunked(file)) : readPackage(chunked(file));
}

async function entryOf(file: Uint8Array): Promise<IndexV3Entry> {
  return (await summaryOf(file)).entry;
}

async function keysFolder(): Promise<string> {
  const folder = path.join(await aFolder(), 'keys');
  await mkdir(folder);
  for (const [name, { publicKey }] of Object.entries({ 'a.rsa.pub': rsa, 'b.pem': ec }))
    await writeFile(path.join(folder, name), pemOf(publicKey));
  return folder;
}

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * Whether `apk mkndx` says of a package what indexes of the old format say too: it refuses a licence in two lines, writes no
 * version that it can't compare, and lists `all`, which no client installs.
 */
function isListedAlike({ entry: { name, version }, architecture }: Summary): boolean {
  return name !== 'melange-like' && isValidVersion(version) && architecture !== 'all';
}

describe.skipIf(apk3 === undefined)(`${clientTitle('apk3')} and files of the new format`, () => {
  it('makes the same records of the same packages, of both formats', async () => {
    const all = [...fixtures('good/', '.apk'), ...fixtures('v3/', '.apk')];
    const read = all.map(async (fixture) => {
      const file = path.join(fixtureFolder, fixture.path);
      return { file, summary: await summaryOf(await readFile(file)) };
    });
    const alike = (await Promise.all(read)).filter(({ summary }) => isListedAlike(summary));
    const [files, entries] = [alike.map(({ file }) => file), alike.map(({ summary }) => summary.entry)];
    const folder = await aFolder();
    const [ours, theirs] = [path.join(folder, 'ours.adb'), path.join(folder, 'theirs.adb')];
    await writeFile(ours, await makeIndexV3File(entries.sort(compareIndexEntries), { description: 'all' }, [rsa]));
    await runApk('mkndx', '--allow-untrusted', '--description', 'all', '--output', theirs, ...files);
    const expected = withoutV2Replaces((await recordsOf(theirs)).split('\n'));
    expect((await recordsOf(ours)).split('\n')).toEqual(expected);
  });

  it.each([
    ['RSA', [rsa]],
    ['EC P-256', [ec]],
    ['both', [rsa, ec]],
  ])('trusts an index that is signed by %s', async (_, keys) => {
    const file = path.join(await aFolder(), 'Packages.adb');
    await writeFile(file, await makeIndexV3File([await entryOf(aV3Apk())], { description: 'x' }, keys));
    expect(await runApk('verify', '--keys-dir', await keysFolder(), file)).toMatch(/: OK$/m);
  });

  it.each(['none', 'deflate:1', 'deflate:9', 'zstd:1', 'zstd:19'])(
    'writes packages that are read: %s',
    async (compression) => {
      const file = await aMadePackage('made', compression);
      const bytes = await readFile(file);
      const read = await readForDump(bytes, []);
      expect(dumpAdb(read)).toBe(await runApk('adbdump', file));
      const { info, warnings } = await readPackageV3(chunked(bytes));
      expect({ name: info.name, depends: info.depends, warnings }).toEqual({ name: 'made', depends: [], warnings: [] });
    },
  );

  it('reads the packages that tests make', async () => {
    const file = path.join(await aFolder(), 'demo.apk');
    await writeFile(file, aV3Apk({ depends: ['a>=1', '!b', 'so:c~2'] }));
    expect(dumpAdb(await readForDump(await readFile(file), []))).toBe(await runApk('adbdump', file));
    await runApk('verify', '--allow-untrusted', file);
  });

  it.skipIf(apk3 === undefined || !mayInstall(apk3))(
    'installs packages of both formats from an index that lists both',
    async () => {
      const folder = await aFolder();
      const packages = [
        await readFile(await aMadePackage('made', 'zstd:19')),
        aV3Apk({ name: 'ours', depends: ['made'], files: { 'usr/bin/ours': 'from the new format' } }),
        anApk({ name: 'old', version: '1.0-r0', depends: ['ours'], files: { 'usr/bin/old': 'from the old format' } }),
      ];
      const entries = await Promise.all(packages.map(entryOf));
      for (const [i, { name, version }] of entries.entries())
        await writeFile(path.join(folder, `${name}-${version}.apk`), packages[i]!);
      const index = await makeIndexV3File(entries.sort(compareIndexEntries), { description: 'both' }, [ec]);
      await writeFile(path.join(folder, 'Packages.adb'), index);
      const root = await makeApkRoot(apk3!);
      onTestFinished(root.remove);
      await root.trust(path.join(await keysFolder(), 'b.pem'));
      await root.addRepository(`ndx ${folder}/Packages.adb`);
      await root.mustApk(['add', 'old']);
      expect(await root.read('usr/bin/ours')).toBe('from the new format');
      expect(await root.read('usr/bin/old')).toBe('from the old format');
      expect(await root.read('usr/share/made')).toBe('x'.repeat(5000));
    },
  );
});

/** A package that apk itself makes. */
async function aMadePackage(name: string, compression: string): Promise<string> {
  const folder = await aFolder();
  await mkdir(path.join(folder, 'files/usr/share'), { recursive: true });
  await writeFile(path.join(folder, `files/usr/share/${name}`), 'x'.repeat(5000));
  const file = path.join(folder, `${name}.apk`);
  const info = [`name:${name}`, 'version:1.0-r0', 'arch:x86_64', 'description:made by apk itself', 'license:MIT'];
  const options = info.flatMap((field) => ['--info', field]);
  await runApk(
    'mkpkg',
    ...options,
    '--files',
    path.join(folder, 'files'),
    '--compression',
    compression,
    '--output',
    file,
  );
  return file;
}
