import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustSucceed } from './apk-root.ts';
import { build, lock } from './apko-build.ts';
import { describeForEachStore } from './matrix.ts';
import { dockerRegistry, embeddedStore, repositoryAt, type TestRepository, type World } from './world.ts';

const file = 'usr/share/hello/about';

describeForEachStore('apko', [embeddedStore, dockerRegistry], (store) => {
  let world: World;
  let images = 0;
  beforeAll(async () => {
    world = await store.start();
  });
  afterAll(() => world.stop());

  /** A repository that has these versions of `hello`. */
  const aRepository = async (...versions: readonly string[]) => {
    images += 1;
    const repository = repositoryAt(`${world.url}/apk/team/life${images}/edge/main`);
    for (const version of versions) await repository.push({ name: 'hello', version });
    return repository;
  };
  const elsewhere = ({ base }: TestRepository, branch: string) => base.replace('/edge/', `/${branch}/`);
  const from = (base: string, packages = ['hello']) => build({ repositories: [base], packages });
  /** What an image has of `hello`. */
  const builtFrom = async (base: string) => {
    const image = await from(base);
    mustSucceed('apko build', image);
    return await image.read(file);
  };

  it('builds by its lock what was deleted since, for as long as the grace lasts, and not after --now', async () => {
    const repository = await aRepository('1-r0', '2-r0');
    const locked = await lock({ repositories: [repository.base], packages: ['hello'] });
    await repository.change('delete', { files: ['x86_64/hello-2-r0.apk'] });
    const image = await locked();
    mustSucceed('apko build by its lock', image);
    expect(await image.read(file)).toBe('hello 2-r0\n');
    // Who asks anew gets what is listed.
    expect(await builtFrom(repository.base)).toBe('hello 1-r0\n');
    await repository.change('delete', { files: ['x86_64/hello-2-r0.apk'], now: true });
    expect((await locked()).exitCode).not.toBe(0);
  });

  it('builds a pinned image from a snapshot while the branch is pruned and its bytes are gone', async () => {
    const repository = await aRepository('1-r0', '2-r0');
    const snapshot = elsewhere(repository, 'edge@pinned');
    expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
    for (const version of ['3-r0', '4-r0']) await repository.push({ name: 'hello', version });
    await repository.change('prune', { keep: 1 });
    await repository.change('delete', { files: ['hello-1-r0.apk', 'hello-2-r0.apk'], now: true });
    for (const [packages, version] of [
      [['hello'], '2-r0'],
      [['hello=1-r0'], '1-r0'],
    ] as const) {
      const image = await from(snapshot, [...packages]);
      mustSucceed('apko build', image);
      expect(await image.read(file)).toBe(`hello ${version}\n`);
    }
    expect(await builtFrom(repository.base)).toBe('hello 4-r0\n');
    expect((await from(repository.base, ['hello=1-r0'])).exitCode).not.toBe(0);
  });

  it('builds from where a package was promoted to, and no more where it was moved from', async () => {
    const repository = await aRepository('1-r0');
    const target = repositoryAt(elsewhere(repository, 'stable'));
    const image = `team/life${images}`;
    await target.change('promote', {
      ...{ from: { image, branch: 'edge', repository: 'main' }, packages: ['hello'], move: true },
    });
    expect(await builtFrom(target.base)).toBe('hello 1-r0\n');
    expect((await from(repository.base)).exitCode).not.toBe(0);
  });

  it('builds without what was withdrawn, and with it again once it was restored', async () => {
    const repository = await aRepository('1-r0', '2-r0');
    await repository.change('withdraw', { files: ['hello-2-r0.apk'] });
    expect(await builtFrom(repository.base)).toBe('hello 1-r0\n');
    await repository.change('restore', { files: ['hello-2-r0.apk'] });
    expect(await builtFrom(repository.base)).toBe('hello 2-r0\n');
  });

  it('builds what a rollback brought back', async () => {
    const repository = await aRepository('1-r0');
    expect((await fetch(elsewhere(repository, 'edge@good'), { method: 'PUT' })).status).toBe(201);
    await repository.push({ name: 'hello', version: '2-r0' });
    await repository.withdraw('x86_64/hello-1-r0.apk');
    await repository.change('rollback', { snapshot: 'good' });
    expect(await builtFrom(repository.base)).toBe('hello 1-r0\n');
  });
});
