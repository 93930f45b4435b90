import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { aV3Apk } from '../support/a-v3-apk.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { mustSucceed } from './apk-root.ts';
import { build } from './apko-build.ts';
import { startForwardProxy } from './forward-proxy.ts';
import { describeForEachStore } from './matrix.ts';
import { basicAuth, dockerRegistry, embeddedStore, repositoryAt, type World } from './world.ts';

const keyName = 'test-only-2048.rsa.pub';
const password = 'sesame';

describeForEachStore('apko', [embeddedStore, dockerRegistry], (store) => {
  let world: World;
  let closed: World;
  beforeAll(async () => {
    world = await store.start();
    closed = await store.start({ users: { alice: password }, settings: { domain: 'example.test' } });
  });
  afterAll(async () => {
    await world.stop();
    await closed.stop();
  });

  it('builds an image with a package and what it depends on, trusting the key by its URL', async () => {
    const repository = repositoryAt(`${world.url}/apk/team/keyed/edge/main`);
    await repository.push({ name: 'hello', version: '1-r0', depends: ['libhello>=2'] });
    await repository.push({ name: 'libhello', version: '2.1_git3-r0' });
    const keyring = [`${repository.base}/${keyName}`];
    const image = await build({ repositories: [repository.base], keyring, packages: ['hello'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/hello/about')).toBe('hello 1-r0\n');
    expect(await image.read('usr/share/libhello/about')).toBe('libhello 2.1_git3-r0\n');
  });

  it('discovers the keys of the repository by itself', async () => {
    const repository = repositoryAt(`${world.url}/apk/team/discovered/edge/main`);
    await repository.push({ name: 'hello', version: '1-r0' });
    const image = await build({ repositories: [repository.base], packages: ['hello'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/hello/about')).toBe('hello 1-r0\n');
  });

  it('discovers them where an EC key for apk 3 stands beside the others, and packages of apk 3 beside its own', async () => {
    const both = await store.start({
      settings: { 'signing-key': ['test-only-2048.rsa', 'test-only-p256.pem'].map(keyFixture) },
    });
    onTestFinished(() => both.stop());
    const repository = repositoryAt(`${both.url}/apk/team/both/edge/main`);
    await repository.push({ name: 'hello', version: '1-r0' });
    await repository.pushBytes(aV3Apk({ name: 'fresh' }));
    const image = await build({ repositories: [repository.base], packages: ['hello'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/hello/about')).toBe('hello 1-r0\n');
  });

  it('finds a noarch package under the architecture that it builds for', async () => {
    const repository = repositoryAt(`${world.url}/apk/team/noarch/edge/main`);
    await repository.push({ name: 'scripts', version: '1-r0', arch: 'noarch' });
    const image = await build({ repositories: [repository.base], packages: ['scripts'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/scripts/about')).toBe('scripts 1-r0\n');
  });

  it('builds with an older version by its number', async () => {
    const repository = repositoryAt(`${world.url}/apk/team/older/edge/main`);
    for (const version of ['1-r0', '2-r0']) await repository.push({ name: 'hello', version });
    const image = await build({ repositories: [repository.base], packages: ['hello=1-r0'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/hello/about')).toBe('hello 1-r0\n');
  });

  it('builds a pinned image from a snapshot whose keys it discovers, while the branch goes on', async () => {
    const repository = repositoryAt(`${world.url}/apk/team/pinned/edge/main`);
    await repository.push({ name: 'hello', version: '1-r0' });
    const snapshot = `${world.url}/apk/team/pinned/edge@release/main`;
    expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
    await repository.push({ name: 'hello', version: '2-r0' });
    await repository.withdraw('x86_64/hello-1-r0.apk');
    const image = await build({ repositories: [snapshot], packages: ['hello'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/hello/about')).toBe('hello 1-r0\n');
  });

  it('reads a private repository with credentials in its URL', async () => {
    const base = `${closed.url}/apk/team/private/edge/main`;
    await repositoryAt(base, basicAuth('alice', password)).push({ name: 'secret', version: '1-r0' });
    const url = base.replace('://', `://alice:${password}@`);
    // Keys that it discovers it would ask for without them.
    const image = await build({ repositories: [url], keyring: [`${url}/${keyName}`], packages: ['secret'] });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/secret/about')).toBe('secret 1-r0\n');
  });

  it('reads a private repository with HTTP_AUTH', async () => {
    const base = `${closed.url}/apk/team/by-variable/edge/main`;
    await repositoryAt(base, basicAuth('alice', password)).push({ name: 'secret', version: '1-r0' });
    const proxy = await startForwardProxy(closed.url);
    onTestFinished(() => proxy.stop());
    // apko takes no port there.
    const env = { HTTP_AUTH: `basic:apk.example.test:alice:${password}`, http_proxy: proxy.url };
    const repositories = ['http://apk.example.test/team/by-variable/edge/main'];
    const image = await build({ repositories, packages: ['secret'], env });
    mustSucceed('apko build', image);
    expect(await image.read('usr/share/secret/about')).toBe('secret 1-r0\n');
  });

  it('gets nothing of a private repository without credentials', async () => {
    const base = `${closed.url}/apk/team/unread/edge/main`;
    await repositoryAt(base, basicAuth('alice', password)).push({ name: 'secret', version: '1-r0' });
    const image = await build({ repositories: [base], packages: ['secret'] });
    expect([image.exitCode === 0, image.output]).toEqual([false, expect.stringContaining('401')]);
  });
});
