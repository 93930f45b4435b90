import { beforeEach, describe, expect, it } from 'vitest';
import { useLkar } from '../../support/lkar-world.ts';

const world = useLkar();
const { lkar, push } = world;
const at = () => [world.at, 'edge', 'main'] as const;
const rows = (text: string) => JSON.parse(text) as Record<string, unknown>[];

beforeEach(() => push('edge', { name: 'app', version: '1' }, { name: 'lib', version: '1' }));

describe('lkar snapshot', () => {
  it('makes one, which is read in the place of the branch, lists it, and ends it', async () => {
    const made = await lkar('snapshot', 'create', ...at(), 'first');
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toMatch(/^made edge@first\/main \(2 packages, .*\)\n$/);
    await lkar('rm', world.at, 'edge/main/x86_64/app-1.apk', '--now');
    expect((await lkar('ls', world.at, 'edge@first', 'main')).stdout).toContain('app-1.apk');
    const listed = rows((await lkar('snapshot', 'list', ...at(), '-o', 'json')).stdout);
    expect(listed).toMatchObject([{ name: 'first', branch: 'edge', repository: 'main', packages: { count: 2 } }]);
    expect(await lkar('pull', world.at, 'edge@first/main/x86_64/app-1.apk', '-o', 'app.apk')).toMatchObject({
      exitCode: 0,
    });
    expect(await lkar('snapshot', 'rm', ...at(), 'first')).toMatchObject({
      ...{ exitCode: 0, stdout: 'removed edge@first/main\n' },
    });
    expect(rows((await lkar('snapshot', 'list', ...at(), '-o', 'json')).stdout)).toEqual([]);
    expect((await lkar('ls', world.at, 'edge@first', 'main')).exitCode).toBe(4);
  });

  it('tells as JSON what was made and what was ended', async () => {
    const made = rows((await lkar('snapshot', 'create', ...at(), 'first', '-o', 'json')).stdout);
    expect(made).toMatchObject([{ name: 'first', branch: 'edge', repository: 'main', packages: { count: 2 } }]);
    expect(rows((await lkar('snapshot', 'list', ...at(), '-o', 'json')).stdout)).toEqual(made);
    const ended = await lkar('snapshot', 'rm', ...at(), 'first', '-o', 'json');
    expect(rows(ended.stdout)).toEqual([{ branch: 'edge', repository: 'main', name: 'first', freed: true }]);
  });

  it('says by its exit code that a name is taken, nowhere, or none at all', async () => {
    expect((await lkar('snapshot', 'create', ...at(), 'first')).exitCode).toBe(0);
    expect((await lkar('snapshot', 'create', ...at(), 'first')).exitCode).toBe(5);
    expect((await lkar('snapshot', 'rm', ...at(), 'second')).exitCode).toBe(4);
    expect((await lkar('snapshot', 'create', ...at(), 'a@b')).exitCode).toBe(2);
    expect((await lkar('snapshot', 'create', world.at, 'edge', 'nothing', 'first')).exitCode).toBe(4);
    expect(
      (await lkar('push', world.at, 'edge@first', 'main', await world.aFile({ name: 'x', version: '1' }))).exitCode,
    ).toBe(5);
    expect((await lkar('rm', world.at, 'edge@first/main/x86_64/app-1.apk')).exitCode).toBe(5);
  });
});

describe('lkar promote', () => {
  it('takes from a snapshot what the branch has lost since, and moves nothing from there', async () => {
    await lkar('snapshot', 'create', ...at(), 'first');
    await lkar('rm', world.at, 'edge/main/x86_64/app-1.apk');
    const promote = (...more: string[]) =>
      lkar('promote', `${world.at}/edge@first/main`, 'stable/main', 'app', '-o', 'json', ...more);
    expect((await promote('--move')).exitCode).toBe(2);
    expect(rows((await promote()).stdout)).toMatchObject([{ filePath: 'stable/main/x86_64/app-1.apk' }]);
    expect((await lkar('promote', `${world.at}/edge@none/main`, 'stable/main', 'app')).exitCode).toBe(4);
  });
});

describe('lkar diff', () => {
  it('tells what a branch has more, less and otherwise than a snapshot', async () => {
    await lkar('snapshot', 'create', ...at(), 'first');
    const diff = (...more: string[]) => lkar('diff', world.at, 'edge@first', 'main', 'edge', ...more);
    expect(await diff('-o', 'json')).toMatchObject({ exitCode: 0, stdout: '[]\n' });
    expect(await diff()).toMatchObject({ exitCode: 0, stdout: '' });
    await push('edge', { name: 'app', version: '2' }, { name: 'new', version: '1' });
    await lkar('rm', world.at, 'edge/main/x86_64/lib-1.apk', 'edge/main/x86_64/app-1.apk');
    expect(rows((await diff('-o', 'json')).stdout)).toMatchObject([
      { change: 'changed', name: 'app', from: ['1'], to: ['2'] },
      { change: 'removed', name: 'lib', from: ['1'], to: [] },
      { change: 'added', name: 'new', from: [], to: ['1'] },
    ]);
    expect((await diff()).stdout).toMatch(/changed +app +x86_64 +1 +2\n/);
    expect((await lkar('diff', world.at, 'edge@none', 'main', 'edge')).exitCode).toBe(4);
  });
});

describe('lkar rollback', () => {
  it('says what would come and go, does it with --yes, and finds nothing to do then', async () => {
    await lkar('snapshot', 'create', ...at(), 'first');
    await lkar('rm', world.at, 'edge/main/x86_64/lib-1.apk');
    await push('edge', { name: 'new', version: '1' });
    const listed = async () => rows((await lkar('ls', ...at(), '-o', 'json')).stdout).map(({ name }) => name);
    const dry = await lkar('rollback', ...at(), 'first');
    expect(dry).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('--yes') as string });
    expect(dry.stdout).toBe('would bring back edge/main/x86_64/lib-1.apk\nwould remove edge/main/x86_64/new-1.apk\n');
    expect(await listed()).toEqual(['app', 'new']);
    expect(await lkar('rollback', ...at(), 'first', '--yes')).toMatchObject({
      ...{ exitCode: 0, stdout: 'restored edge/main/x86_64/lib-1.apk\nremoved edge/main/x86_64/new-1.apk\n' },
    });
    expect(await listed()).toEqual(['app', 'lib']);
    expect(await lkar('rollback', ...at(), 'first', '--yes')).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await lkar('rollback', ...at(), 'none', '--yes')).exitCode).toBe(4);
  });
});

describe('lkar log', () => {
  it('tells what happened, the latest first, with who, why and digests', async () => {
    await lkar('withdraw', ...at(), '--name', 'app', '--reason', 'breaks booting');
    await lkar('restore', ...at(), '--name', 'app');
    await lkar('rm', world.at, 'edge/main/x86_64/lib-1.apk', '--reason', 'superseded');
    await lkar('promote', `${world.at}/edge/main`, 'stable/main', 'app');
    const log = async (...more: string[]) =>
      rows((await lkar('log', world.at, ...more, '-o', 'json')).stdout).map(({ event, fileName, reason, from }) => [
        event,
        fileName,
        reason ?? from,
      ]);
    const edge = await log('edge', 'main');
    expect(edge[0]).toEqual(['deleted', 'lib-1.apk', 'superseded']);
    expect(edge).toContainEqual(['restored', 'app-1.apk', undefined]);
    expect(edge).toContainEqual(['published', 'lib-1.apk', undefined]);
    expect(await log('stable', 'main')).toEqual([['promoted', 'app-1.apk', `${world.image}/edge/main`]]);
    expect(await log('edge', 'main', '--limit', '1')).toHaveLength(1);
    expect((await lkar('log', ...at())).stderr).toContain('remembered since');
    expect((await lkar('log', world.at, 'edge', 'none')).exitCode).toBe(4);
    expect((await lkar('log', ...at(), '--limit', 'x')).exitCode).toBe(2);
  });
});
