import { expect, it } from 'vitest';
import { aPrivateKey } from '../support/signing-keys.ts';
import { describeForEachApk } from './matrix.ts';
import { repositoryAt } from './world.ts';

describeForEachApk(({ major, aRepository, aRoot }) => {
  it('installs a package with what it depends on, by name, version and provided name', async () => {
    const repository = aRepository();
    await repository.push({ name: 'app', version: '2.0-r0', depends: ['libapp>=1.5', 'so:libz.so.1', 'cmd:helper'] });
    await repository.push({ name: 'libapp', version: '1.4-r0' });
    await repository.push({ name: 'libapp', version: '1.5-r3', provides: ['so:libapp.so.1=1.5.0'] });
    await repository.push({ name: 'zlib-like', version: '1-r0', provides: ['so:libz.so.1=1.3.1'] });
    await repository.push({ name: 'helper', version: '1-r0', provides: ['cmd:helper=1-r0'] });
    const root = await aRoot();
    await root.setUp(repository.base);
    await root.mustApk(['-U', 'add', 'app']);
    const installed = (await root.mustApk(['info', '-v'])).match(/^\S+-r\d+/gm)?.sort();
    expect(installed).toEqual(['app-2.0-r0', 'helper-1-r0', 'libapp-1.5-r3', 'zlib-like-1-r0']);
    expect((await root.apk(['del', 'libapp'])).output).toContain('app');
  });

  it('installs a subpackage that asks for itself when its two causes are there', async () => {
    const repository = aRepository();
    await repository.push({ name: 'editor', version: '1-r0' });
    await repository.push({ name: 'docs', version: '1-r0' });
    await repository.push({
      name: 'editor-doc',
      version: '1-r0',
      pkginfo: ['license = MIT', 'install_if = editor=1-r0 docs'],
    });
    const root = await aRoot();
    await root.setUp(repository.base);
    await root.mustApk(['-U', 'add', 'editor']);
    expect(await root.mustApk(['info'])).not.toContain('editor-doc');
    await root.mustApk(['add', 'docs']);
    expect(await root.mustApk(['info'])).toContain('editor-doc');
  });

  it('installs a noarch package beside others, and on an architecture that nobody pushed to', async () => {
    const repository = aRepository();
    await repository.push({ name: 'native', version: '1-r0' });
    await repository.push({ name: 'scripts', version: '1-r0', arch: 'noarch' });
    for (const [architecture, names] of [
      ['x86_64', ['native', 'scripts']],
      ['riscv64', ['scripts']],
    ] as const) {
      const root = await aRoot(architecture);
      await root.setUp(repository.base);
      await root.mustApk(['-U', 'add', ...names]);
      for (const name of names) expect(await root.read(`usr/share/${name}/about`)).toBe(`${name} 1-r0\n`);
    }
  });

  it('no longer offers a withdrawn noarch package to any architecture', async () => {
    const repository = aRepository();
    for (const arch of ['x86_64', 'aarch64']) await repository.push({ name: 'native', version: '1-r0', arch });
    await repository.push({ name: 'scripts', version: '1-r0', arch: 'noarch' });
    const roots = [await aRoot('x86_64'), await aRoot('aarch64')];
    for (const root of roots) await root.setUp(repository.base);
    for (const root of roots) await root.mustApk(['-U', 'add', 'scripts']);
    for (const root of roots) await root.mustApk(['del', 'scripts']);
    await repository.withdraw('noarch/scripts-1-r0.apk');
    for (const root of roots) expect((await root.apk(['-U', 'add', 'scripts'])).exitCode).not.toBe(0);
    for (const root of roots) await root.mustApk(['add', 'native']);
  });

  it('installs only for its own architecture', async () => {
    const repository = aRepository();
    await repository.push({ name: 'native', version: '1-r0', arch: 'aarch64' });
    await repository.push({ name: 'native', version: '1-r0', arch: 'x86_64' });
    await repository.push({ name: 'arm-only', version: '1-r0', arch: 'aarch64' });
    const root = await aRoot('x86_64');
    await root.setUp(repository.base);
    await root.mustApk(['-U', 'add', 'native']);
    expect((await root.apk(['add', 'arm-only'])).exitCode).not.toBe(0);
  });

  it('adds and fetches names and versions with every character that they may have', async () => {
    const repository = aRepository();
    const specs = [
      { name: 'libstdc++', version: '13.2.1_git20231014-r0' },
      { name: 'a_b.c-d', version: '1.2.3a_alpha1_p2-r10' },
      ...(major === '3' ? [{ name: 'hashed', version: '1.0_git1~abc-r0' }] : []),
    ];
    const pushed = [];
    for (const spec of specs) pushed.push(await repository.push(spec));
    const root = await aRoot();
    await root.setUp(repository.base);
    await root.mustApk(['update']);
    for (const [index, { name, version }] of specs.entries()) {
      await root.mustApk(['add', `${name}=${version}`]);
      expect(await root.read(`usr/share/${name}/about`)).toBe(`${name} ${version}\n`);
      await root.mustApk(['fetch', '--output', root.path, name]);
      expect(await root.read(`${name}-${version}.apk`)).toBe(pushed[index]!.toString());
    }
  });

  it('installs a package that was signed where it was made, by a key that it does not know', async () => {
    const repository = aRepository();
    const signWith = { key: aPrivateKey('test-only-untrusted.rsa'), keyName: 'somebody-5f3a.rsa.pub' };
    await repository.push({ name: 'signed', version: '1-r0', signWith });
    const root = await aRoot();
    await root.setUp(repository.base);
    await root.mustApk(['-U', 'add', 'signed']);
    expect(await root.read('usr/share/signed/about')).toBe('signed 1-r0\n');
  });

  it('installs from two repositories of one image and one of another', async () => {
    const [first, other] = [aRepository(), aRepository()];
    const second = repositoryAt(first.base.replace('/edge/main', '/edge/community'));
    await first.push({ name: 'one', version: '1-r0', depends: ['two'] });
    await second.push({ name: 'two', version: '1-r0', depends: ['three'] });
    await other.push({ name: 'three', version: '1-r0' });
    const root = await aRoot();
    for (const { base } of [first, second, other]) await root.setUp(base);
    await root.mustApk(['-U', 'add', 'one']);
    expect(await root.read('usr/share/three/about')).toBe('three 1-r0\n');
  });
});
