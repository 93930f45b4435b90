import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { aV3Apk } from '../../support/a-v3-apk.ts';
import { findClient, clientTitle } from '../../support/clients.ts';
import { buildPrograms, runBin, startLkard } from '../../support/programs.ts';
import { findOnPath, registryProgram, startRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeAll(() => buildPrograms(), 120_000);
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
const names = ['one', 'two', 'three'];
const skopeo = findOnPath('skopeo');
const crane = findClient('crane');

async function push(url: string, image: string, ...packages: readonly string[]): Promise<void> {
  for (const name of packages) await pushFile(url, image, anApk({ name, version: '1.0-r0' }));
}

async function pushFile(url: string, image: string, file: Buffer): Promise<void> {
  const answer = await fetch(`${url}/apk/${image}/edge/main/push`, { method: 'PUT', body: new Uint8Array(file) });
  expect(answer.status).toBe(201);
}

async function aGateway(settings: readonly string[]) {
  const lkard = await startLkard([...settings, ...key, '--log-level', 'error']);
  onTestFinished(() => lkard.kill());
  return lkard;
}

async function aFullFolder() {
  const data = path.join(folder.path, 'data');
  const lkard = await aGateway(['--data', data]);
  await push(lkard.url, 'team/app', ...names);
  return { data, lkard };
}

async function namesAt(url: string, image: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/apk/${image}/edge/main/packages.json`);
  const { packages } = (await answer.json()) as { packages: { name: string }[] };
  return packages.map(({ name }) => name).sort();
}

async function aRegistry() {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  return registry;
}

const lkard = (...args: string[]) => runBin('lkard', args);

describe('an image in an OCI image layout', { timeout: 60_000 }, () => {
  it('comes back whole, under another name and in another place', async () => {
    const { data } = await aFullFolder();
    const layout = path.join(folder.path, 'layout');
    const exported = await lkard('export', 'team/app', layout, '--data', data);
    expect(exported).toMatchObject({ exitCode: 0 });
    expect(exported.stdout).toMatch(/^exported team\/app: 3 package tags, 0 keys, 1 indexes, .*, 0 tags were there/);
    expect(exported.stderr).toContain('4 of 4 tags');
    const elsewhere = path.join(folder.path, 'elsewhere');
    const imported = await lkard('import', layout, 'other/name', '--data', elsewhere);
    expect(imported).toMatchObject({ exitCode: 0 });
    const verified = await lkard('verify', 'other/name', 'edge', 'main', '--data', elsewhere, ...key);
    expect([verified.exitCode, verified.stdout]).toEqual([0, expect.stringMatching(/^1 indexes, 3 packages/)]);
    const { url } = await aGateway(['--data', elsewhere]);
    expect(await namesAt(url, 'other/name')).toEqual([...names].sort());
    const file = await fetch(`${url}/apk/other/name/edge/main/x86_64/one-1.0-r0.apk`);
    expect(Buffer.from(await file.arrayBuffer()).equals(anApk({ name: 'one', version: '1.0-r0' }))).toBe(true);
  });

  it('comes back with packages of both formats, and loses none to a collection of garbage', async () => {
    const { data, lkard: gateway } = await aFullFolder();
    const file = aV3Apk({ name: 'newer', version: '2.0-r0' });
    await pushFile(gateway.url, 'team/app', file);
    const layout = path.join(folder.path, 'layout');
    const elsewhere = path.join(folder.path, 'elsewhere');
    expect(await lkard('export', 'team/app', layout, '--data', data)).toMatchObject({ exitCode: 0 });
    expect(await lkard('import', layout, 'team/app', '--data', elsewhere)).toMatchObject({ exitCode: 0 });
    expect(await lkard('gc', '--data', elsewhere, '--older-than', '0s')).toMatchObject({ exitCode: 0 });
    const verified = await lkard('verify', 'team/app', 'edge', 'main', '--data', elsewhere, ...key);
    expect([verified.exitCode, verified.stdout]).toEqual([0, expect.stringMatching(/^1 indexes, 4 packages/)]);
    const { url } = await aGateway(['--data', elsewhere]);
    expect(await namesAt(url, 'team/app')).toEqual([...names, 'newer'].sort());
    const fetched = await fetch(`${url}/apk/team/app/edge/main/x86_64/newer-2.0-r0.apk`);
    expect(Buffer.from(await fetched.arrayBuffer()).equals(file)).toBe(true);
    const index = await fetch(`${url}/apk/team/app/edge/main/x86_64/Packages.adb`);
    expect([index.status, Buffer.from(await index.arrayBuffer()).toString('latin1', 0, 3)]).toEqual([200, 'ADB']);
  });

  it('is added to by a second export, and a broken one is gone on with', async () => {
    const { data, lkard: gateway } = await aFullFolder();
    const layout = path.join(folder.path, 'layout');
    await lkard('export', 'team/app', layout, '--data', data);
    await push(gateway.url, 'team/app', 'four');
    const index = path.join(layout, 'index.json');
    const document = JSON.parse(await readFile(index, 'utf8')) as { manifests: object[] };
    await writeFile(index, JSON.stringify({ ...document, manifests: document.manifests.slice(1) }));
    const again = await lkard('export', 'team/app', layout, '--data', data);
    expect(again.stdout).toMatch(/4 package tags, .*, 2 tags were there already/);
    expect(again.stderr).toContain('the target has an index of its own');
  });

  it('is refused where a file of it was altered or is gone', async () => {
    const { data } = await aFullFolder();
    const layout = path.join(folder.path, 'layout');
    await lkard('export', 'team/app', layout, '--data', data);
    const blobs = path.join(layout, 'blobs', 'sha256');
    const packageBytes = anApk({ name: 'one', version: '1.0-r0' }).length;
    for (const name of await readdir(blobs)) {
      const bytes = await readFile(path.join(blobs, name));
      if (bytes.length === packageBytes) await writeFile(path.join(blobs, name), Buffer.alloc(packageBytes));
    }
    const elsewhere = path.join(folder.path, 'elsewhere');
    expect((await lkard('import', layout, 'team/app', '--data', elsewhere)).exitCode).toBe(1);
    await rm(blobs, { recursive: true });
    expect((await lkard('import', layout, 'team/app', '--data', elsewhere)).exitCode).toBe(1);
    await writeFile(path.join(layout, 'index.json'), 'no index');
    expect((await lkard('import', layout, 'team/app', '--data', elsewhere)).stderr).toContain('OCI image layout');
  });

  it('adds to an image that has packages, whose index lists them all', async () => {
    const { data } = await aFullFolder();
    const layout = path.join(folder.path, 'layout');
    await lkard('export', 'team/app', layout, '--data', data);
    const elsewhere = path.join(folder.path, 'elsewhere');
    const { url } = await aGateway(['--data', elsewhere, '--recheck', '0s']);
    await push(url, 'team/app', 'own');
    const imported = await lkard('import', layout, 'team/app', '--data', elsewhere);
    expect(imported.stderr).toContain('the target has an index of its own');
    expect(imported.stderr).toMatch(/warning: 3 of the packages that were brought are older .*-p-one-1\.0-r0-/);
    expect((await lkard('verify', 'team/app', 'edge', 'main', '--repair', '--data', elsewhere, ...key)).exitCode).toBe(
      0,
    );
    await expect.poll(() => namesAt(url, 'team/app'), { timeout: 20_000 }).toEqual([...names, 'own'].sort());
  });

  it.skipIf(skopeo === undefined)('is read by skopeo, and pushed by it to a registry', async () => {
    const { data } = await aFullFolder();
    const layout = path.join(folder.path, 'layout');
    await lkard('export', 'team/app', layout, '--data', data);
    const registry = await aRegistry();
    const { manifests } = JSON.parse(await readFile(path.join(layout, 'index.json'), 'utf8')) as {
      manifests: { annotations: Record<string, string> }[];
    };
    const tags = manifests.map(({ annotations }) => annotations['org.opencontainers.image.ref.name'] ?? '');
    const run = (...args: string[]) => execFileSync(skopeo ?? '', args, { encoding: 'utf8', stdio: 'pipe' });
    for (const tag of tags) {
      expect(JSON.parse(run('inspect', '--raw', `oci:${layout}:${tag}`))).toMatchObject({ schemaVersion: 2 });
      const target = `docker://${registry.host}/team/app:${tag}`;
      run('copy', '--quiet', '--dest-tls-verify=false', `oci:${layout}:${tag}`, target);
    }
    const { url } = await aGateway(['--backend', registry.host, '--no-https']);
    expect(await namesAt(url, 'team/app')).toEqual([...names].sort());
  });
});

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
describe.skipIf(isMissing)(`an image in a registry${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  it('comes from the folder of a gateway, and back', { timeout: 60_000 }, async () => {
    const { data } = await aFullFolder();
    const registry = await aRegistry();
    const target = `${registry.host}/moved/app`;
    expect((await lkard('copy', 'team/app', target, '--data', data)).exitCode).toBe(0);
    const again = await lkard('copy', 'team/app', target, '--data', data);
    expect(again.stdout).toMatch(/3 package tags, .*, 0 B written, 4 tags were there already/);
    const behind = ['--backend', registry.host, '--no-https'];
    expect(await namesAt((await aGateway(behind)).url, 'moved/app')).toEqual([...names].sort());
    const layout = path.join(folder.path, 'layout');
    const back = path.join(folder.path, 'back');
    expect((await lkard('export', 'moved/app', layout, ...behind)).exitCode).toBe(0);
    expect((await lkard('import', layout, 'team/app', '--data', back)).exitCode).toBe(0);
    expect(await namesAt((await aGateway(['--data', back])).url, 'team/app')).toEqual([...names].sort());
  });

  it('loses nothing to pushes meanwhile', { timeout: 60_000 }, async () => {
    const { data, lkard: gateway } = await aFullFolder();
    const registry = await aRegistry();
    const more = Array.from({ length: 12 }, (_, i) => `more-${i}`);
    const pushing = push(gateway.url, 'team/app', ...more);
    const during = await lkard('copy', 'team/app', `${registry.host}/team/app`, '--data', data);
    await pushing;
    const after = await lkard('copy', 'team/app', `${registry.host}/team/app`, '--data', data);
    expect([during.exitCode, after.exitCode]).toEqual([0, 0]);
    const { url } = await aGateway(['--backend', registry.host, '--no-https']);
    expect(await namesAt(url, 'team/app')).toEqual([...names, ...more].sort());
  });

  it('is refused without the right, without a name, and where nobody answers', { timeout: 60_000 }, async () => {
    const { data } = await aFullFolder();
    const registry = await startRegistry({ users: { me: 'secret' } });
    onTestFinished(() => registry.stop());
    const codeOf = async (...args: string[]) => (await lkard('copy', 'team/app', ...args, '--data', data)).exitCode;
    expect(await codeOf(`${registry.host}/team/app`)).toBe(3);
    expect(await codeOf(registry.host)).toBe(2);
    expect(await codeOf('127.0.0.1:1/team/app')).toBe(6);
    const authFile = path.join(folder.path, 'auth.json');
    await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { username: 'me', password: 'secret' } } }));
    expect(await codeOf(`${registry.host}/team/app`, '--registry-auth-file', authFile)).toBe(0);
  });

  it.skipIf(crane === undefined)(
    `is pulled by ${clientTitle('crane')} as a layout that can be imported`,
    async () => {
      const { data } = await aFullFolder();
      const registry = await aRegistry();
      await lkard('copy', 'team/app', `${registry.host}/team/app`, '--data', data);
      const tags = execFileSync(crane?.program ?? '', ['ls', '--insecure', `${registry.host}/team/app`], {
        encoding: 'utf8',
      });
      const layout = path.join(folder.path, 'layout');
      for (const tag of tags.trim().split('\n')) {
        const reference = `${registry.host}/team/app:${tag}`;
        execFileSync(crane?.program ?? '', ['pull', '--insecure', '--format=oci', '--annotate-ref', reference, layout]);
      }
      const back = path.join(folder.path, 'back');
      const imported = await lkard('import', layout, 'team/app', '--data', back);
      expect([imported.exitCode, imported.stderr]).toEqual([0, expect.anything()]);
      expect(await namesAt((await aGateway(['--data', back])).url, 'team/app')).toEqual([...names].sort());
    },
    60_000,
  );
});
