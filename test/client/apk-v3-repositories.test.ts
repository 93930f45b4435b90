import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readAnyPackage } from '../../src/apk/any-package.ts';
import { isValidVersion } from '../../src/apk/version.ts';
import { aV3Apk, deflated, type V3ApkOptions } from '../support/a-v3-apk.ts';
import { withoutV2Replaces } from '../support/adb-dump.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { chunked, fixtureFolder, fixtures, readFixture } from '../unit/apk/fixtures.ts';
import type { ApkRoot } from './apk-root.ts';
import { describeForEachApk } from './matrix.ts';
import { basicAuth, repositoryAt, type TestRepository } from './world.ts';

const ecKey = keyFixture('test-only-p256.pem');

/** Packages as `apk mkpkg` makes them, unsigned: the signed index vouches for them. */
function pushV3(repository: TestRepository, options: V3ApkOptions): Promise<Buffer> {
  return repository.pushBytes(deflated(aV3Apk(options)));
}

async function trustKeys(root: ApkRoot, base: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const answer = await fetch(`${base}/${name}`);
    const file = path.join(root.path, name);
    await writeFile(file, await answer.text());
    await root.trust(file);
  }
}

async function pushMixed(repository: TestRepository): Promise<void> {
  await repository.push({ name: 'old', version: '1.0-r0' });
  await repository.push({ name: 'shared', version: '1.0-r0', arch: 'noarch' });
  await pushV3(repository, { name: 'fresh', version: '2.0-r0', depends: ['old>=1.0', 'everywhere'] });
  await pushV3(repository, {
    name: 'everywhere',
    version: '3.1-r0',
    arch: 'noarch',
    files: { 'usr/share/everywhere/about': 'made by apk 3\n' },
  });
}

const rsaName = 'test-only-2048.rsa.pub';
const ecName = 'test-only-p256.pem';

describeForEachApk(
  ({ major, aRepository, aRoot, aWorld }) => {
    /** A root whose one line is `line`, with these keys. */
    const aRootWith = async (repository: TestRepository, line: string, ...keys: readonly string[]) => {
      const root = await aRoot();
      await trustKeys(root, repository.base, ...keys);
      await root.addRepository(line);
      return root;
    };

    if (major === '2') {
      it('sees exactly the packages of its own format in a repository of both', async () => {
        const repository = aRepository();
        await pushMixed(repository);
        const root = await aRootWith(repository, repository.base, rsaName);
        await root.mustApk(['update']);
        expect(await root.mustApk(['search'])).toBe('old-1.0-r0\nshared-1.0-r0\n');
        await root.mustApk(['add', 'old', 'shared']);
        expect(await root.read('usr/share/old/about')).toBe('old 1.0-r0\n');
        expect((await root.apk(['add', 'fresh'])).exitCode).not.toBe(0);
      });

      it('takes a repository of apk 3 alone for an empty one', async () => {
        const repository = aRepository();
        await pushV3(repository, { name: 'fresh', version: '2.0-r0' });
        const root = await aRootWith(repository, repository.base, rsaName);
        expect(await root.mustApk(['update'])).toContain('OK: 0 distinct packages available');
        await repository.push({ name: 'old', version: '1.0-r0' });
        await root.mustApk(['-U', 'add', 'old']);
      });
      return;
    }

    const lines: readonly (readonly [string, (base: string) => string])[] = [
      ['v3', (base) => `v3 ${base}`],
      ['ndx', (base) => `ndx ${base}/x86_64/Packages.adb`],
      ["OpenWrt's", (base) => `${base}/x86_64/packages.adb`],
    ];
    it.each(lines)('installs packages of both formats by a %s line', async (_name, lineOf) => {
      const repository = aRepository();
      await pushMixed(repository);
      const root = await aRootWith(repository, lineOf(repository.base), rsaName);
      expect(await root.mustApk(['update'])).toContain('4 distinct packages available');
      await root.mustApk(['add', 'fresh', 'shared']);
      expect(await root.read('usr/share/everywhere/about')).toBe('made by apk 3\n');
      expect(await root.read('usr/share/old/about')).toBe('old 1.0-r0\n');
      expect(await root.read('usr/share/shared/about')).toBe('shared 1.0-r0\n');
    });

    it('is set up by the served script, for its own index and the keys of both kinds', async () => {
      const repository = aRepository();
      await pushMixed(repository);
      const root = await aRoot();
      await root.setUp(repository.base, { index: 'v3' });
      expect(await root.read('etc/apk/repositories')).toBe(`v3 ${repository.base}\n`);
      expect(await root.read(`etc/apk/keys/${ecName}`)).toContain('BEGIN PUBLIC KEY');
      await root.mustApk(['-U', 'add', 'fresh', 'shared']);
    });

    it('has the records that its own tool would write of the same packages', async () => {
      const repository = aRepository();
      const files = [...fixtures('good/', '.apk'), ...fixtures('v3/', '.apk')].map(({ path: name }) => name);
      // Without keys: with one it refuses to list what bears a bad signature of that.
      const root = await aRoot();
      const pushed: string[] = [];
      for (const name of files) {
        const bytes = readFixture(name);
        const { architecture, entry } = await readAnyPackage(chunked(bytes));
        // What the tool refuses or writes otherwise: a licence in two lines, versions that it can't compare, `all`.
        const isAlike = entry.name !== 'melange-like' && isValidVersion(entry.version);
        if (!isAlike || (architecture !== 'x86_64' && architecture !== 'noarch')) continue;
        const answer = await fetch(`${repository.base}/push`, { method: 'PUT', body: new Uint8Array(bytes) });
        if (answer.status === 201) pushed.push(path.join(fixtureFolder, name));
      }
      expect(pushed.filter((name) => name.includes('/v3/')).length).toBeGreaterThan(2);
      const [ours, theirs] = [path.join(root.path, 'ours.adb'), path.join(root.path, 'theirs.adb')];
      await writeFile(ours, Buffer.from(await (await fetch(`${repository.base}/x86_64/Packages.adb`)).arrayBuffer()));
      await root.mustApk(['mkndx', '--allow-untrusted', '-d', 'edge/main', '-o', theirs, ...pushed]);
      const dump = async (file: string) => (await root.mustApk(['adbdump', file])).replace(/^# .*\n/gm, '').split('\n');
      expect(await dump(ours)).toEqual(withoutV2Replaces(await dump(theirs)));
    });

    it('reads a private repository with the password in its line', async () => {
      const world = await aWorld({ users: { alice: 'open sesame' } });
      const repository = repositoryAt(`${world.url}/apk/team/private/edge/main`, basicAuth('alice', 'open sesame'));
      await pushV3(repository, { name: 'secret', version: '1-r0', files: { 'usr/share/secret/about': 'told\n' } });
      const root = await aRoot();
      await root.setUp(repository.base, { index: 'v3', user: 'alice:open sesame' });
      await root.mustApk(['-U', 'add', 'secret']);
      expect(await root.read('usr/share/secret/about')).toBe('told\n');
      const stranger = await aRoot();
      await stranger.addRepository(`v3 ${repository.base}`);
      expect((await stranger.apk(['-U', 'add', 'secret'])).exitCode).not.toBe(0);
    });

    it('trusts an index by an EC key alone, and the machine has it from the served key', async () => {
      const repository = aRepository();
      await pushMixed(repository);
      const root = await aRootWith(repository, `v3 ${repository.base}`, ecName);
      await root.mustApk(['-U', 'add', 'fresh']);
      const other = await aRootWith(repository, `v3 ${repository.base}`);
      expect((await other.apk(['-U', 'add', 'fresh'])).exitCode).not.toBe(0);
    });

    it('upgrades from the old format to the new one, and to what is pushed later', async () => {
      const repository = aRepository();
      await repository.push({ name: 'tool', version: '1.9-r0' });
      const root = await aRootWith(repository, `v3 ${repository.base}`, rsaName);
      await root.mustApk(['-U', 'add', 'tool']);
      await pushV3(repository, { name: 'tool', version: '1.10-r0', files: { 'usr/share/tool/about': 'new\n' } });
      await root.mustApk(['-U', 'upgrade']);
      expect(await root.read('usr/share/tool/about')).toBe('new\n');
      await pushV3(repository, { name: 'tool', version: '1.10-r1', files: { 'usr/share/tool/about': 'newer\n' } });
      await root.mustApk(['-U', 'upgrade']);
      expect(await root.read('usr/share/tool/about')).toBe('newer\n');
    });

    it('fetches a package byte for byte, and finds index and packages sound', async () => {
      const repository = aRepository();
      const bytes = await pushV3(repository, {
        name: 'blob',
        version: '3-r7',
        files: { big: Buffer.alloc(3_000_000, 7) },
      });
      const root = await aRootWith(repository, `v3 ${repository.base}`, rsaName);
      await root.mustApk(['update']);
      await root.mustApk(['fetch', '--output', root.path, 'blob']);
      expect((await readFile(path.join(root.path, 'blob-3-r7.apk'))).equals(bytes)).toBe(true);
      const index = path.join(root.path, 'Packages.adb');
      await writeFile(index, Buffer.from(await (await fetch(`${repository.base}/x86_64/Packages.adb`)).arrayBuffer()));
      expect(await root.mustApk(['verify', index])).toContain('Packages.adb: OK');
      expect(await root.mustApk(['adbdump', index])).toContain('name: blob');
    });

    it('no longer adds what was withdrawn, and takes an emptied repository', async () => {
      const repository = aRepository();
      await pushV3(repository, { name: 'gone', version: '1-r0' });
      const root = await aRootWith(repository, `v3 ${repository.base}`, rsaName);
      await root.mustApk(['update']);
      expect(await root.mustApk(['search'])).toBe('gone-1-r0\n');
      await repository.withdraw('x86_64/gone-1-r0.apk');
      await root.mustApk(['--force-refresh', 'update']);
      expect(await root.mustApk(['search'])).toBe('');
    });
  },
  { settings: { 'signing-key': [keyFixture('test-only-2048.rsa'), ecKey] } },
);
