import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { buildKustomization } from './kustomization.ts';
import { configOf } from './lkard-settings.ts';
import { faultsOf } from './manifest-faults.ts';
import { environmentOf, lkardContainersOf, parseManifests, podOf, type Manifest } from './manifests.ts';
import { deployFolder, findTool, runTool } from './tools.ts';

const kustomize = findTool('kustomize');
const folders = [
  'base',
  'overlays/ingress',
  'overlays/gateway-api',
  'overlays/sealed-keys',
  'overlays/pruning',
  'sidecar',
];
const given = ['Secret/lkard-signing', 'Secret/registry-pull', 'Secret/lkard-pruning'];
const placeOf = (folder: string) => path.join(deployFolder, 'kustomize', folder);

async function expectToFit(objects: readonly Manifest[]): Promise<void> {
  expect(faultsOf(objects, { given })).toEqual([]);
  const containers = objects.flatMap((object) => lkardContainersOf(podOf(object)?.spec ?? { containers: [] }));
  expect(containers).toHaveLength(1);
  const { signing, store } = await configOf(containers[0]!.args ?? [], environmentOf(containers[0]!, objects));
  expect(store).toMatchObject({ kind: 'registry', host: 'registry.example.org' });
  expect(signing.keyFiles.length > 0).not.toBe(signing.aesKey !== undefined);
}

describe('deploy/kustomize', () => {
  it.each(folders)('%s has objects that fit each other, and settings that lkard knows', (folder) =>
    expectToFit(buildKustomization(placeOf(folder))),
  );

  it('has settings of one kind of key where an overlay changes it', async () => {
    const objects = buildKustomization(placeOf('overlays/sealed-keys'));
    const [container] = objects.flatMap((object) => lkardContainersOf(podOf(object)?.spec ?? { containers: [] }));
    const { http, store } = await configOf(container!.args!, environmentOf(container!, objects));
    expect(http.anonymousAsGateway).toBe('read');
    expect(store).toMatchObject({ authFiles: ['/etc/lkard/registry/config.json'] });
  });

  it('lets the sidecar only read, on loopback, with the pull secret', async () => {
    const objects = buildKustomization(placeOf('sidecar'));
    const [container] = objects.flatMap((object) => lkardContainersOf(podOf(object)?.spec ?? { containers: [] }));
    const config = await configOf(container!.args!, environmentOf(container!, objects));
    expect(config.listen.host).toBe('127.0.0.1');
    expect(config.http.anonymousAsGateway).toBe('read');
    expect(environmentOf(container!, objects)).toEqual({ REGISTRY_AUTH_FILE: '/etc/lkard/registry/config.json' });
  });

  it.skipIf(registryProgram() === undefined)(
    'lets a build read without a password what the pull secret may, and push nothing',
    async () => {
      const [container] = buildKustomization(placeOf('sidecar')).flatMap((object) =>
        lkardContainersOf(podOf(object)?.spec ?? { containers: [] }),
      );
      const { http } = await configOf(container!.args!);
      const registry = await startRegistry({ users: { pull: 's3cret' } });
      const folder = await makeTempDir();
      const secret = path.join(folder.path, 'config.json');
      const auth = Buffer.from('pull:s3cret').toString('base64');
      await writeFile(secret, JSON.stringify({ auths: { [registry.host]: { auth } } }));
      const settings = { 'registry-auth-file': secret, 'anonymous-as-gateway': http.anonymousAsGateway };
      const gateway = await startGateway({ store: { registry: registry.host }, settings });
      const base = `${gateway.url}/apk/team/private/edge/main`;
      const body = anApk({ name: 'hello', version: '1.0-r0' });
      const push = async (headers: Record<string, string>) =>
        (await fetch(`${base}/push`, { method: 'PUT', body, headers })).status;
      expect(await push({})).toBe(401);
      expect(await push({ authorization: `Basic ${auth}` })).toBe(201);
      for (const file of ['setup', 'x86_64/APKINDEX.tar.gz', 'x86_64/hello-1.0-r0.apk']) {
        expect([file, (await fetch(`${base}/${file}`)).status]).toEqual([file, 200]);
      }
      await gateway.stop();
      await registry.stop();
      await folder.remove();
    },
  );

  it.skipIf(kustomize === undefined).each(folders)('%s is built by kustomize, to the same end', async (folder) => {
    const { exitCode, stdout, stderr } = runTool(kustomize!, ['build', placeOf(folder)]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const objects = parseManifests(stdout);
    await expectToFit(objects);
    const kinds = (some: readonly Manifest[]) =>
      some.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}`).sort();
    expect(kinds(objects)).toEqual(kinds(buildKustomization(placeOf(folder))));
  });
});
