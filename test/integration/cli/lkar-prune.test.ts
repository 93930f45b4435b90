import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLkar } from '../../support/lkar-world.ts';

const world = useLkar();
const { lkar, push } = world;

const versions = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ name, version: `1.${i}-r0` }));
const listed = async () =>
  (await lkar('ls', world.at, '-o', 'json')).stdout.match(/"filePath": "[^"]+/g)?.map((one) => one.slice(13)) ?? [];

describe('lkar prune', () => {
  it('says what would go and why, and with --yes deletes it', async () => {
    await push('edge', ...versions('app', 4), ...versions('lib', 3));
    const prune = ['prune', world.at, 'edge', 'main', '--keep', '2', '--name', 'a*'];
    const dry = await lkar(...prune);
    expect(dry).toMatchObject({ exitCode: 0 });
    expect(dry.stdout.split('\n').filter(Boolean)).toEqual([
      expect.stringMatching(/^would prune edge\/main\/x86_64\/app-1.0-r0.apk \(3 newer versions, pushed /),
      expect.stringMatching(/^would prune edge\/main\/x86_64\/app-1.1-r0.apk \(2 newer versions, pushed /),
    ]);
    expect(dry.stderr).toContain('--yes');
    expect(await listed()).toHaveLength(7);
    expect((await lkar(...prune, '--yes')).stdout).toMatch(/^pruned edge\/main\/x86_64\/app-1.0-r0.apk/);
    expect(await listed()).toHaveLength(5);
    expect((await lkar(...prune, '--yes')).stdout).toBe('');
  });

  it('goes by the first rule of a policy that is about a package, in every repository', async () => {
    await push('edge', ...versions('app', 3), ...versions('lib', 3));
    await push('stable', ...versions('app', 3));
    const rules = [
      { images: 'team/*', branches: 'edge', names: 'lib', keep: 2 },
      { images: ['team/*'], branches: ['edge'], keep: 1 },
    ];
    await writeFile(path.join(world.folder, 'retention.yaml'), JSON.stringify({ rules }));
    const { exitCode, stdout } = await lkar('prune', world.at, '--policy', 'retention.yaml', '--yes');
    expect([exitCode, stdout.match(/x86_64\/[^ ]+/g)?.sort()]).toEqual([
      0,
      ['x86_64/app-1.0-r0.apk', 'x86_64/app-1.1-r0.apk', 'x86_64/lib-1.0-r0.apk'],
    ]);
    expect(await listed()).toHaveLength(6);
    expect((await lkar('prune', world.gateway.host, '--policy', 'retention.yaml', '--yes')).exitCode).toBe(0);
  });

  it('is a dry run where somebody says so too, and never both', async () => {
    await push('edge', ...versions('app', 3));
    const prune = ['prune', world.at, 'edge', 'main', '--keep', '1'];
    expect((await lkar(...prune, '--dry-run')).stdout).toBe((await lkar(...prune)).stdout);
    expect((await lkar(...prune, '--dry-run', '--yes')).exitCode).toBe(2);
    expect(await listed()).toHaveLength(3);
  });

  it('says which rule it goes by, and where none is about what is there', async () => {
    await push('edge', ...versions('app', 3));
    const rules = [
      { images: 'elsewhere/*', keep: 1 },
      { images: 'team/*', keep: 2, olderThan: '0d' },
    ];
    await writeFile(path.join(world.folder, 'rules.yaml'), JSON.stringify({ rules }));
    expect((await lkar('prune', world.at, '--policy', 'rules.yaml')).stderr).toContain('edge/main, rule 2:');
    const none = await lkar('prune', `${world.gateway.host}/team/none`, '--policy', 'rules.yaml');
    expect(none).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('no rule') as string });
  });

  it.each([
    ['no branch', () => ['prune', world.at, '--keep', '2']],
    ['nothing that may go', () => ['prune', world.at, 'edge', 'main', '--yes']],
    ['keeping none', () => ['prune', world.at, 'edge', 'main', '--keep', '0']],
    ['no such policy', () => ['prune', world.at, '--policy', 'nowhere.yaml']],
    ['a repository that there isn’t', () => ['prune', world.at, 'edge', 'main', '--keep', '1']],
  ])('refuses %s', async (_name, args) => {
    expect((await lkar(...args())).exitCode).not.toBe(0);
  });

  it.each([
    ['an age without a unit, which is meant as days', ['edge', 'main', '--older-than', '30']],
    ['a policy and options that it would not heed', ['--policy', 'keep2.yaml', '--keep', '1']],
  ])('refuses %s', async (_name, args) => {
    await push('edge', ...versions('app', 3));
    const rules = [{ images: 'team/*', keep: 2 }];
    await writeFile(path.join(world.folder, 'keep2.yaml'), JSON.stringify({ rules }));
    expect((await lkar('prune', world.at, ...args)).exitCode).toBe(2);
  });

  it('refuses a policy that is misspelt, or lets all that is old go', async () => {
    const policies = [
      { rules: [{ images: '*', kept: 1 }] },
      { rules: [{ images: '*', olderThan: 30 }] },
      { rules: [{ images: '*' }] },
      { rules: [] },
      'rules',
    ];
    for (const policy of policies) {
      await writeFile(path.join(world.folder, 'bad.yaml'), JSON.stringify(policy));
      const { exitCode, stderr } = await lkar('prune', world.at, '--policy', 'bad.yaml');
      expect(stderr).toContain('bad.yaml');
      expect(exitCode).not.toBe(0);
    }
  });
});

describe('lkar promote and lkar log', () => {
  it('lists a package in another branch, says so, and tells of it afterwards', async () => {
    await push('edge', ...versions('app', 2));
    const promote = ['promote', `${world.at}/edge/main`, 'stable/main', 'app'];
    expect((await lkar(...promote, '--dry-run')).stdout).toBe('would promote stable/main/x86_64/app-1.1-r0.apk\n');
    expect(await listed()).toHaveLength(2);
    expect(await lkar(...promote)).toMatchObject({ exitCode: 0 });
    expect((await lkar(...promote)).stdout).toBe('there already stable/main/x86_64/app-1.1-r0.apk\n');
    const log = await lkar('log', world.at, 'stable', 'main');
    expect(log.stdout).toMatch(/promoted +x86_64\/app-1.1-r0.apk .*from team\/app\d+\/edge\/main/);
    expect(log.stderr).toContain('remembered since');
  });

  it('refuses two registries, and a place that is none', async () => {
    expect((await lkar('promote', `${world.at}/edge/main`, 'other.example.org/a/edge/main', 'app')).exitCode).not.toBe(
      0,
    );
    expect((await lkar('promote', 'edge', 'stable/main', 'app')).exitCode).not.toBe(0);
    expect((await lkar('promote', 'edge/main', 'stable/main', 'app')).stderr).toContain('"edge/main" is no REGISTRY');
  });
});

describe('a repository that there is not', () => {
  it.each([
    ['lkar log', () => ['log', world.at, 'edg', 'main']],
    ['lkar snapshot list', () => ['snapshot', 'list', world.at, 'edg', 'main']],
    ['lkar diff', () => ['diff', world.at, 'edge', 'main', 'edg']],
    ['lkar ls', () => ['ls', world.at, 'edg', 'main']],
  ])('is not found by %s', async (_name, args) => {
    await push('edge', ...versions('app', 1));
    expect(await lkar(...args())).toMatchObject({ exitCode: 4, stdout: '' });
  });
});
