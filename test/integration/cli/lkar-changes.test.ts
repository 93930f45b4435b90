import { beforeEach, describe, expect, it } from 'vitest';
import { useLkar } from '../../support/lkar-world.ts';

const world = useLkar();
const { lkar } = world;

beforeEach(async () => {
  await world.push('edge', { name: 'app', version: '1' }, { name: 'app', version: '2' }, { name: 'lib', version: '1' });
});

const listed = async (...more: string[]) => {
  const { stdout } = await lkar('ls', world.at, '-o', 'json', ...more);
  return (JSON.parse(stdout) as { filePath: string }[]).map(({ filePath }) =>
    filePath.replace('edge/main/x86_64/', ''),
  );
};

describe('lkar', () => {
  it('removes all that a star stands for at once, and nothing as a dry run', async () => {
    const dry = await lkar('rm', world.at, 'edge/main/app-*.apk', '--dry-run');
    expect(dry.stdout).toBe('would remove edge/main/x86_64/app-1.apk\nwould remove edge/main/x86_64/app-2.apk\n');
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('dry run') as string });
    expect(await listed()).toHaveLength(3);
    expect((await lkar('rm', world.at, 'edge/main/app-*.apk')).stdout).toBe(
      'removed edge/main/x86_64/app-1.apk\nremoved edge/main/x86_64/app-2.apk\n',
    );
    expect(await listed()).toEqual(['lib-1.apk']);
  });

  it('lets what it removed be fetched for a while, unless --now is said, then or later', async () => {
    const pull = (file: string) => lkar('pull', world.at, `edge/main/x86_64/${file}`, '-o', 'pulled.apk');
    await lkar('rm', world.at, 'edge/main/x86_64/app-1.apk');
    await lkar('rm', world.at, 'edge/main/x86_64/app-2.apk', '--now');
    expect((await pull('app-1.apk')).exitCode).toBe(0);
    expect((await pull('app-2.apk')).exitCode).toBe(4);
    expect((await lkar('rm', world.at, 'edge/main/x86_64/app-1.apk', '--now')).exitCode).toBe(0);
    expect((await pull('app-1.apk')).exitCode).toBe(4);
  });

  it('says which snapshots still have what is to be gone at once', async () => {
    await lkar('snapshot', 'create', world.at, 'edge', 'main', 'first');
    const warning = 'warning: edge@first/main/x86_64/app-1.apk is still there; lkar snapshot rm ends it\n';
    const removed = await lkar('rm', world.at, 'edge/main/x86_64/app-1.apk', '--now');
    expect(removed).toMatchObject({ exitCode: 0, stdout: 'removed edge/main/x86_64/app-1.apk\n' });
    expect(removed.stderr).toBe(warning);
    expect((await lkar('withdraw', world.at, 'edge', 'main', 'app-2.apk')).stderr).toBe('');
    expect((await lkar('withdraw', world.at, 'edge', 'main', 'app-2.apk', '--now')).stderr).toBe(
      warning.replace('app-1', 'app-2'),
    );
    const dry = await lkar('rm', world.at, 'edge/main/lib-*.apk', '--now', '--dry-run');
    expect(dry.stderr.match(/snapshot/g) ?? []).toHaveLength(1);
    await lkar('snapshot', 'rm', world.at, 'edge', 'main', 'first');
    expect((await lkar('rm', world.at, 'edge/main/x86_64/lib-1.apk', '--now')).stderr).toBe('');
  });

  it('withdraws by name, tells of it, and restores by a path as it is listed', async () => {
    const reason = 'breaks booting';
    expect(await lkar('withdraw', world.at, 'edge', 'main', '--name', 'app*', '--reason', reason)).toMatchObject({
      exitCode: 0,
      stdout: 'withdrawn edge/main/x86_64/app-1.apk\nwithdrawn edge/main/x86_64/app-2.apk\n',
    });
    expect(await listed()).toEqual(['lib-1.apk']);
    expect((await listed('--withdrawn')).toSorted()).toEqual(['app-1.apk', 'app-2.apk']);
    expect((await lkar('ls', world.at, 'edge', 'main', '--withdrawn')).stdout).toContain(reason);
    expect((await lkar('restore', world.at, 'edge', 'main', 'edge/main/x86_64/app-1.apk')).stdout).toBe(
      'restored edge/main/x86_64/app-1.apk\n',
    );
    expect(await listed()).toEqual(['app-1.apk', 'lib-1.apk']);
    const both = await lkar(
      'withdraw',
      world.at,
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
    expect((await lkar('restore', world.at, 'edge', 'main', 'x86_64/none-1.apk')).exitCode).toBe(4);
    expect((await lkar('withdraw', world.at, 'edge', 'main', 'elsewhere/main/x86_64/app-1.apk')).exitCode).toBe(2);
  });

  it.each([
    ['rm', () => ['rm', world.at, 'edge/main/x86_64/app-1.apk'], 'deleted'],
    ['rm --dry-run', () => ['rm', world.at, 'edge/main/app-*.apk', '--dry-run'], 'deleted'],
    ['withdraw', () => ['withdraw', world.at, 'edge', 'main', 'app-1.apk'], 'withdrawn'],
    ['restore', () => ['restore', world.at, 'edge', 'main', 'app-1.apk'], 'unchanged'],
    [
      'push',
      async () => ['push', world.at, 'edge', 'main', await world.aFile({ name: 'app', version: '1' })],
      'unchanged',
    ],
    ['promote', () => ['promote', `${world.at}/edge/main`, 'edge/main2', 'app=1'], 'promoted'],
    ['prune', () => ['prune', world.at, 'edge', 'main', '--keep', '1'], 'deleted'],
  ])('%s tells what came of each package as JSON, and nothing else there', async (verb, args, outcome) => {
    const { exitCode, stdout } = await lkar(...(await args()), '-o', 'json');
    const [first] = JSON.parse(stdout) as readonly object[];
    expect(exitCode).toBe(0);
    expect(first).toMatchObject({
      ...{ image: world.at.slice(world.at.indexOf('/') + 1), name: 'app', version: '1', outcome },
      filePath: expect.stringMatching(/^edge\/main2?\/x86_64\/app-1\.apk$/) as string,
      dryRun: verb === 'rm --dry-run' || verb === 'prune',
    });
  });

  it('tells as JSON what was done before a fault too', async () => {
    const paths = ['edge/main/x86_64/app-1.apk', 'edge/none/x86_64/app-1.apk'];
    const { exitCode, stdout, stderr } = await lkar('rm', world.at, ...paths, '-o', 'json');
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject([{ filePath: paths[0], outcome: 'deleted' }]);
    expect(stderr.match(/edge\/none/g)).toHaveLength(1);
    expect((await lkar('rm', world.at, paths[1]!, '-o', 'json')).stdout).toBe('');
  });
});
