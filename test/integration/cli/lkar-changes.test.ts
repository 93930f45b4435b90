import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../../support/programs.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let gateway: RunningLkard;
let images = 0;
let at: string;

beforeAll(async () => {
  await buildPrograms();
  folder = await makeTempDir();
  const data = path.join(folder.path, 'data');
  gateway = await startLkard(['--data', data, '--signing-key', keyFixture('test-only-2048.rsa')]);
}, 120_000);
afterAll(async () => {
  await gateway.stop();
  await folder.remove();
});
beforeEach(async () => {
  images += 1;
  at = `${gateway.host}/team/changes${images}`;
  const specs = ['app-1', 'app-2', 'lib-1'].map((text) => text.split('-') as [string, string]);
  const files = specs.map(([name, version]) => `${name}-${version}.apk`);
  for (const [i, [name, version]] of specs.entries()) {
    await writeFile(path.join(folder.path, files[i]!), anApk({ name, version }));
  }
  expect((await lkar('push', at, 'edge', 'main', ...files)).exitCode).toBe(0);
});

const lkar = (...args: string[]) =>
  runBin('lkar', args, { cwd: folder.path, env: { DOCKER_CONFIG: path.join(folder.path, 'nobody') } });
const listed = async (...more: string[]) => {
  const { stdout } = await lkar('ls', at, '-o', 'json', ...more);
  return (JSON.parse(stdout) as { filePath: string }[]).map(({ filePath }) =>
    filePath.replace('edge/main/x86_64/', ''),
  );
};

describe('lkar', () => {
  it('removes all that a star stands for at once, and nothing as a dry run', async () => {
    const dry = await lkar('rm', at, 'edge/main/app-*.apk', '--dry-run');
    expect(dry.stdout).toBe('would remove edge/main/x86_64/app-1.apk\nwould remove edge/main/x86_64/app-2.apk\n');
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('dry run') as string });
    expect(await listed()).toHaveLength(3);
    expect((await lkar('rm', at, 'edge/main/app-*.apk')).stdout).toBe(
      'removed edge/main/x86_64/app-1.apk\nremoved edge/main/x86_64/app-2.apk\n',
    );
    expect(await listed()).toEqual(['lib-1.apk']);
  });

  it('lets what it removed be fetched for a while, unless --now is said, then or later', async () => {
    const pull = (file: string) => lkar('pull', at, `edge/main/x86_64/${file}`, '-o', 'pulled.apk');
    await lkar('rm', at, 'edge/main/x86_64/app-1.apk');
    await lkar('rm', at, 'edge/main/x86_64/app-2.apk', '--now');
    expect((await pull('app-1.apk')).exitCode).toBe(0);
    expect((await pull('app-2.apk')).exitCode).toBe(4);
    expect((await lkar('rm', at, 'edge/main/x86_64/app-1.apk', '--now')).exitCode).toBe(0);
    expect((await pull('app-1.apk')).exitCode).toBe(4);
  });

  it('withdraws by name, tells of it, and restores by a path as it is listed', async () => {
    const reason = 'breaks booting';
    expect(await lkar('withdraw', at, 'edge', 'main', '--name', 'app*', '--reason', reason)).toMatchObject({
      exitCode: 0,
      stdout: 'withdrawn edge/main/x86_64/app-1.apk\nwithdrawn edge/main/x86_64/app-2.apk\n',
    });
    expect(await listed()).toEqual(['lib-1.apk']);
    expect((await listed('--withdrawn')).toSorted()).toEqual(['app-1.apk', 'app-2.apk']);
    expect((await lkar('ls', at, 'edge', 'main', '--withdrawn')).stdout).toContain(reason);
    expect((await lkar('restore', at, 'edge', 'main', 'edge/main/x86_64/app-1.apk')).stdout).toBe(
      'restored edge/main/x86_64/app-1.apk\n',
    );
    expect(await listed()).toEqual(['app-1.apk', 'lib-1.apk']);
    const both = await lkar(
      'withdraw',
      at,
      'edge',
      'main',
      '--name',
      'app',
      '--name',
      'none*',
      'lib-1.apk',
      '--dry-run',
    );
    expect(both).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('edge/main has no none*') as string });
    expect(both.stdout).toContain('would withdraw edge/main/x86_64/lib-1.apk\n');
    expect((await lkar('restore', at, 'edge', 'main', 'x86_64/none-1.apk')).exitCode).toBe(4);
    expect((await lkar('withdraw', at, 'edge', 'main', 'elsewhere/main/x86_64/app-1.apk')).exitCode).toBe(2);
  });
});
