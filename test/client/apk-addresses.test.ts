import { createReadStream } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { startLocalServer } from '../support/local-server.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeForEachApk } from './matrix.ts';
import type { ApkRoot } from './apk-root.ts';
import { startForwardProxy } from './forward-proxy.ts';
import { repositoryAt } from './world.ts';

const hello = { name: 'hello', version: '1-r0' };

/** Sets a root up by the script at the base, which must tell the machine that same base, and installs `hello` from it. */
async function installFrom(base: string, root: ApkRoot, env: Readonly<Record<string, string>> = {}): Promise<void> {
  await root.setUp(base, { env });
  expect(await root.read('etc/apk/repositories')).toBe(`${base}\n`);
  await root.mustApk(['update'], env);
  await root.mustApk(['add', 'hello'], env);
  expect(await root.read('usr/share/hello/about')).toBe('hello 1-r0\n');
}

describeForEachApk(({ world, aRoot, aWorld }) => {
  it('installs from the short form, without /apk', async () => {
    const base = `${world().url}/team/short/edge/main`;
    await repositoryAt(base).push(hello);
    await installFrom(base, await aRoot());
  });

  it('installs from an image whose path is long', async () => {
    const base = `${world().url}/apk/a/b-c/d_e/f.g/v3.22/main`;
    await repositoryAt(base).push(hello);
    await installFrom(base, await aRoot());
  });

  it('installs from a gateway of one image, whose URLs do not name it', async () => {
    const { url } = await aWorld({ settings: { image: 'team/only' } });
    const base = `${url}/apk/edge/main`;
    await repositoryAt(base).push(hello);
    await installFrom(base, await aRoot());
  });

  it.each([
    ['', 'team/app/'],
    [' of one image', ''],
  ])('installs from a host of its own under a domain%s', async (_, image) => {
    const settings = { domain: 'example.test', ...(image === '' && { image: 'team/only' }) };
    const { url } = await aWorld({ settings });
    const proxy = await startForwardProxy(url);
    onTestFinished(() => proxy.stop());
    await repositoryAt(`${url}/apk/${image}edge/main`).push(hello);
    await installFrom(`http://apk.example.test/${image}edge/main`, await aRoot(), { http_proxy: proxy.url });
  });

  it("installs from Gitea's form", async () => {
    const base = `${world().url}/api/packages/owner/alpine/v3.22/main`;
    const pushed = await fetch(base, { method: 'PUT', body: anApk(hello) });
    expect(pushed.status).toBe(201);
    await installFrom(base, await aRoot());
  });

  it("installs from the base that Buildkite's documentation gives", async () => {
    const body = new FormData();
    body.append('file', new Blob([anApk(hello)]), 'hello.apk');
    const path = '/v2/packages/organizations/acme/registries/linux/packages';
    const pushed = await fetch(`${world().url}${path}`, { method: 'POST', body });
    expect(pushed.status).toBe(201);
    await installFrom(`${world().url}/acme/linux/alpine_any/alpine_any/main`, await aRoot());
  });

  it.skipIf(registryProgram() === undefined)("follows a redirect to the registry's own URL", async () => {
    const folder = await makeTempDir();
    const sent: string[] = [];
    const blobs = await startLocalServer(({ url = '' }, answer) => {
      sent.push(url);
      createReadStream(path.join(folder.path, 'data', url)).pipe(answer);
    });
    const registry = await startRegistry({ folder: folder.path, blobServer: `${blobs.url}/` });
    const gateway = await startGateway({ store: { registry: registry.host }, settings: { 'redirect-blobs': true } });
    onTestFinished(async () => {
      await gateway.stop();
      await registry.stop();
      await blobs.stop();
      await folder.remove();
    });
    const base = `${gateway.url}/apk/team/app/edge/main`;
    await repositoryAt(base).push(hello);
    sent.length = 0;
    await installFrom(base, await aRoot());
    expect(sent).toContainEqual(expect.stringContaining(hexOf(digestOf(anApk(hello)))));
  });
});
