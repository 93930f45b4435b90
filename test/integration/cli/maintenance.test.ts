import { execFileSync } from 'node:child_process';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { hexOf, digestOf } from '../../../src/oci/digest.ts';
import { anApk } from '../../support/an-apk.ts';
import { buildPrograms, runBin, startLkard } from '../../support/programs.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeAll(() => buildPrograms(), 120_000);
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
const hello = anApk({ name: 'hello', version: '1.0-r0' });

async function push(url: string, ...packages: readonly Buffer[]): Promise<void> {
  for (const body of packages) {
    const answer = await fetch(`${url}/apk/team/app/edge/main/push`, { method: 'PUT', body: new Uint8Array(body) });
    expect(answer.status).toBe(201);
  }
}

const verify = (settings: readonly string[], ...options: string[]) =>
  runBin('lkard', ['verify', 'team/app', 'edge', 'main', ...key, ...settings, ...options]);

describe('lkard on its folder', { timeout: 60_000 }, () => {
  async function aFolder() {
    const data = path.join(folder.path, 'data');
    const lkard = await startLkard(['--data', data, ...key, '--log-level', 'error']);
    onTestFinished(() => lkard.kill());
    await push(lkard.url, anApk({ name: 'other', version: '1.0-r0' }), hello);
    return { data, lkard, image: path.join(data, 'images', 'team', 'app') };
  }

  it('finds nothing wrong with what is whole', async () => {
    const { data } = await aFolder();
    const verified = await verify(['--data', data]);
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^1 indexes, 2 packages, /);
  });

  it('finds a package whose bytes are others, or gone', async () => {
    const { data, image } = await aFolder();
    const blob = path.join(image, '_blobs', hexOf(digestOf(hello)));
    await writeFile(blob, Buffer.alloc(hello.length));
    const altered = await verify(['--data', data]);
    expect(altered.exitCode).toBe(1);
    expect(altered.stdout).toMatch(/^blob x86_64: hello-1\.0-r0\.apk has other bytes/);
    await rm(blob);
    const gone = await verify(['--data', data], '--repair');
    expect(gone.exitCode).toBe(1);
    expect(gone.stdout).toMatch(/^blob x86_64: hello-1\.0-r0\.apk is gone/);
  });

  it('finds an index that is gone, and mends it', async () => {
    const { data, image } = await aFolder();
    const tags = await readdir(path.join(image, '_tags'));
    await rm(
      path.join(
        image,
        '_tags',
        tags.find((tag) => tag.startsWith('index-'))!,
      ),
    );
    const found = await verify(['--data', data]);
    expect(found.exitCode).toBe(1);
    expect(found.stdout).toContain('index x86_64: there are packages and no index (--repair mends it)');
    const mended = await verify(['--data', data], '--repair');
    expect(mended.exitCode).toBe(0);
    expect(mended.stdout).toContain('mended index x86_64: there are packages and no index\n');
    expect((await verify(['--data', data], '--repair')).stdout).not.toContain('mended');
    expect((await verify(['--data', data])).exitCode).toBe(0);
  });

  it('takes out the garbage beside a gateway that is pushed to', async () => {
    const { data, lkard, image } = await aFolder();
    const then = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ['_manifests', '_blobs'])
      for (const file of await readdir(path.join(image, name))) await utimes(path.join(image, name, file), then, then);
    const dry = await runBin('lkard', ['gc', '--data', data, '--dry-run']);
    expect(dry.stdout).toContain('would remove manifest sha256:');
    const [removed] = await Promise.all([
      runBin('lkard', ['gc', '--data', data, '--older-than', '0s']),
      push(lkard.url, anApk({ name: 'third', version: '1.0-r0' })),
    ]);
    expect(removed).toMatchObject({ exitCode: 0 });
    expect(removed.stdout).toMatch(/removed manifest sha256:\S+ of team\/app, .*\n[^]*removed [1-9]\d* files/);
    await push(lkard.url, anApk({ name: 'fourth', version: '1.0-r0' }));
    const verified = await verify(['--data', data]);
    expect(verified.stdout).toMatch(/^1 indexes, 4 packages, /);
    expect(verified.exitCode).toBe(0);
  });

  it('calls no misspelt name a success, and makes nothing for one', async () => {
    const { data } = await aFolder();
    const layout = path.join(folder.path, 'layout');
    const nowhere = path.join(folder.path, 'nowhere');
    for (const args of [
      ['verify', 'team/app', 'edge', 'mian', ...key, '--data', data],
      ['verify', 'team/ap', 'edge', 'main', ...key, '--data', data, '--repair'],
      ['verify', 'team/app', 'edge', 'main', '--data', nowhere],
      ['export', 'nope/nope', layout, '--data', data],
      ['import', layout, 'team/app', '--data', data],
      ['gc', '--data', nowhere],
    ]) {
      expect([args[0], await runBin('lkard', args)]).toMatchObject([args[0], { exitCode: 4, stdout: '' }]);
    }
    expect(await readdir(folder.path)).not.toContain('layout');
    expect(await readdir(folder.path)).not.toContain('nowhere');
  });

  it.each(['index.json', 'blob'])('takes no pipe for the %s of a layout', async (place) => {
    const { data } = await aFolder();
    const layout = path.join(folder.path, 'layout');
    await runBin('lkard', ['export', 'team/app', layout, '--data', data]);
    const blobs = path.join(layout, 'blobs', 'sha256');
    const replaced = place === 'blob' ? path.join(blobs, hexOf(digestOf(hello))) : path.join(layout, place);
    await rm(replaced);
    execFileSync('mkfifo', [replaced]);
    const imported = await runBin('lkard', ['import', layout, 'team/other', '--data', data]);
    expect(imported).toMatchObject({ exitCode: 1, stdout: '' });
    expect(imported.stderr).toContain('is no plain file');
  });

  it('has no garbage where a registry keeps the packages', async () => {
    const env = { ARTIFACT_REGISTRY_BACKEND: 'registry:5000' };
    expect((await runBin('lkard', ['gc'], { env })).exitCode).toBe(2);
    expect((await runBin('lkard', ['verify', 'team/app', 'push', 'main'])).exitCode).toBe(2);
  });
});

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
describe.skipIf(isMissing)(`lkard before a registry${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  it('verifies with credentials of its own', { timeout: 60_000 }, async () => {
    const registry = await startRegistry({ users: { me: 'secret' } });
    onTestFinished(() => registry.stop());
    const authFile = path.join(folder.path, 'pull-secret');
    await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { username: 'me', password: 'secret' } } }));
    const behind = ['--backend', registry.host, '--no-https', '--registry-auth-file', authFile];
    const lkard = await startLkard([...behind, ...key, '--anonymous-as-gateway=write', '--log-level', 'error']);
    onTestFinished(() => lkard.kill());
    await push(lkard.url, hello);
    expect((await verify(behind)).stdout).toMatch(/^1 indexes, 1 packages, /);
    expect((await verify(['--backend', registry.host, '--no-https'])).exitCode).toBe(3);
  });
});
