import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anApk } from '../support/an-apk.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../support/programs.ts';
import { htpasswdOf } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { deployFolder, findTool, root, runTool } from './tools.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly (Step & { readonly shell: string })[] };
}

const read = async (file: string): Promise<unknown> => parse(await readFile(path.join(root, file), 'utf8'));
const workflow = async (name: string) => (await read(`.github/workflows/${name}.yaml`)) as Workflow;
const actionFile = path.join(deployFolder, 'actions', 'push', 'action.yaml');
const action = async () => parse(await readFile(actionFile, 'utf8')) as Action;
const actionlint = findTool('actionlint');

describe('.github/workflows', () => {
  it('tests on each Node that is promised', async () => {
    const { jobs } = await workflow('ci');
    expect(jobs['test']?.strategy?.matrix.node).toEqual([20, 22, 24]);
  });

  it.each(['ci', 'release'])(
    '%s has no rights but those of its jobs, pinned actions, and no text of others in a command',
    async (name) => {
      const { permissions, jobs } = await workflow(name);
      expect(permissions).toEqual({ contents: 'read' });
      const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
      for (const { uses } of steps)
        if (uses !== undefined) expect(uses).toMatch(/^[\w.-]+\/[\w.-]+@(v\d+|[0-9a-f]{40})$/);
      for (const { run = '' } of steps) expect(run).not.toContain('${{');
      const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
      for (const checkout of checkouts) expect(checkout.with).toEqual({ 'persist-credentials': false });
    },
  );

  it('publishes an image for two architectures, and what is published says where it comes from', async () => {
    const { jobs } = await workflow('release');
    const build = jobs['image']?.steps?.find(({ uses = '' }) => uses.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({ platforms: 'linux/amd64,linux/arm64', provenance: 'mode=max', sbom: true });
    expect(build?.with?.['file']).toBe('deploy/Containerfile');
    const npm = jobs['npm']?.steps?.map(({ run = '' }) => run) ?? [];
    expect(npm).toContain('npm publish --provenance --access public');
    // Provenance is refused without it, and a fork's is its own.
    expect(npm).toContain(
      'npm pkg set repository.type=git repository.url="git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"',
    );
    const chart = jobs['chart']?.steps?.map(({ run = '' }) => run).join('\n');
    expect(chart).toContain('repository: ghcr.io/${GITHUB_REPOSITORY,,}');
    expect(jobs['npm']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  it('builds the image on a base that is named by its digest, and releases it only where that is the latest', async () => {
    const { steps = [] } = (await workflow('release')).jobs['image'] ?? {};
    const build = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action'));
    expect(String(build?.with?.['build-args'])).not.toMatch(/BASE|RUNTIME/);
    const bases = [
      ...(await readFile(path.join(deployFolder, 'Containerfile'), 'utf8')).matchAll(/^ARG (?:BASE|RUNTIME)=(.*)$/gm),
    ];
    const [, digest = ''] = /^docker\.io\/library\/node:\S+@(sha256:[0-9a-f]{64})$/.exec(bases[0]?.[1] ?? '') ?? [];
    expect(bases.map(([, base]) => base)).toEqual(Array(2).fill(bases[0]?.[1]));
    const folder = await makeTempDir();
    const script = steps.find((step) => step.run?.includes('imagetools') === true)?.run ?? '';
    const judge = async (latest: string) => {
      await writeFile(path.join(folder.path, 'docker'), `#!/bin/sh\necho ${latest}\n`, { mode: 0o755 });
      const env = { PATH: `${folder.path}:${process.env['PATH'] ?? ''}` };
      return runTool('bash', ['-eo', 'pipefail', '-c', script], { cwd: root, env }).exitCode;
    };
    expect(await judge(digest)).toBe(0);
    expect(await judge(`sha256:${'0'.repeat(64)}`)).toBe(1);
    await folder.remove();
  });

  it('releases only what the changelog, the package and the chart agree to be that version', async () => {
    const { jobs } = await workflow('release');
    const script = jobs['version']?.steps?.map(({ run = '' }) => run).join('\n') ?? '';
    const { version } = (await read('package.json')) as { version: string };
    const folder = await makeTempDir();
    await mkdir(path.join(folder.path, 'deploy', 'helm', 'lkard'), { recursive: true });
    await cp(path.join(root, 'package.json'), path.join(folder.path, 'package.json'));
    const chart = path.join('deploy', 'helm', 'lkard', 'Chart.yaml');
    await cp(path.join(root, chart), path.join(folder.path, chart));
    const judge = async (tag: string, heading: string) => {
      await writeFile(path.join(folder.path, 'CHANGELOG.md'), `# Changelog\n\n${heading}\n\n- It is there.\n`);
      const env = { ...process.env, GITHUB_REF_NAME: tag };
      return runTool('bash', ['-eo', 'pipefail', '-c', script], { cwd: folder.path, env }).exitCode;
    };
    expect(await judge(`v${version}`, `## [${version}] - 2026-12-01`)).toBe(0);
    expect(await judge(`v${version}`, `## [${version}] - unreleased`)).not.toBe(0);
    expect(await judge(`v${version}`, '## [Unreleased]')).not.toBe(0);
    expect(await judge('v99.0.0', `## [${version}] - 2026-12-01`)).not.toBe(0);
    await folder.remove();
  });

  it.skipIf(actionlint === undefined)('is what actionlint takes', () => {
    const files = ['ci', 'release'].map((name) => path.join(root, '.github', 'workflows', `${name}.yaml`));
    expect(runTool(actionlint!, files)).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

describe('deploy/actions/push', () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let lkard: RunningLkard;
  const password = 's3cret"$(id)';
  beforeAll(async () => {
    await buildPrograms();
    folder = await makeTempDir();
    const users = path.join(folder.path, 'users');
    await writeFile(users, await htpasswdOf({ ci: password }));
    const data = path.join(folder.path, 'data');
    lkard = await startLkard(['--data', data, '--htpasswd', users, '--signing-key', keyFixture('test-only-2048.rsa')]);
    await mkdir(path.join(folder.path, 'dist', 'deep'), { recursive: true });
    for (const [name, place] of [
      ['one', 'dist'],
      ['two', 'dist/deep'],
      ['with blank', 'dist'],
    ] as const) {
      const content = anApk({ name: name.replace(' ', '-'), version: '1.0-r0' });
      await writeFile(path.join(folder.path, place, `${name}.apk`), content);
    }
    // lkar that writes down how it was called.
    const lkar = path.join(folder.path, 'lkar');
    const own = path.join(root, 'bin', 'lkar.js');
    await writeFile(
      lkar,
      `#!/bin/sh\nprintf '%s\\n' "$*" >> '${folder.path}/calls'\nexec '${process.execPath}' '${own}' "$@"\n`,
    );
    await chmod(lkar, 0o755);
  }, 120_000);
  afterAll(async () => {
    await lkard.stop();
    await folder.remove();
  });

  async function push(inputs: Readonly<Record<string, string>>) {
    const { inputs: known, runs } = await action();
    const step = runs.steps.find(({ name }) => name === 'Push')!;
    const valueOf = (name: string) => inputs[name] ?? known[name]?.default ?? '';
    const env = Object.entries(step.env ?? {}).map(([name, text]) => [
      name,
      text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_all, input: string) => valueOf(input)),
    ]);
    const { PATH = '' } = process.env;
    const own = { PATH: `${folder.path}:${PATH}`, HOME: folder.path, RUNNER_TEMP: folder.path };
    // As a runner does it for `shell: bash`.
    const shell = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!];
    return runTool('bash', shell, {
      cwd: folder.path,
      env: { ...own, ...(Object.fromEntries(env) as NodeJS.ProcessEnv) },
    });
  }
  const target = () => `${lkard.host}/team/app`;

  it('installs the lkar of the checkout that it is in, for the steps that follow', { timeout: 180_000 }, async () => {
    const { runs } = await action();
    const step = runs.steps.find(({ name }) => name === 'Install lkar')!;
    const checkout = path.join(folder.path, 'checkout');
    await mkdir(checkout);
    // As a runner checks an action out: no dependencies, nothing built.
    const names = ['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json'];
    for (const name of [...names, 'src', 'bin', 'man', 'deploy', 'assets', 'scripts'])
      await cp(path.join(root, name), path.join(checkout, name), { recursive: true });
    const temp = path.join(folder.path, 'runner');
    const env = {
      ...process.env,
      GITHUB_ACTION_PATH: path.join(checkout, 'deploy', 'actions', 'push'),
      GITHUB_PATH: path.join(folder.path, 'github-path'),
      RUNNER_TEMP: temp,
    };
    const shell = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!];
    expect(runTool('bash', shell, { cwd: folder.path, env })).toMatchObject({ exitCode: 0 });
    expect((await readFile(env.GITHUB_PATH, 'utf8')).trim()).toBe(`${temp}/lkar/bin`);
    const { version } = (await read('package.json')) as { version: string };
    const said = runTool(`${temp}/lkar/bin/lkar`, ['--version'], { cwd: folder.path, env });
    expect(said).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });

  it('takes all that callers give from its environment', async () => {
    const { inputs, runs } = await action();
    expect(runs.using).toBe('composite');
    const text = await readFile(actionFile, 'utf8');
    for (const name of Object.keys(inputs)) expect(text).toContain(`\${{ inputs.${name} }}`);
    for (const { run = '', shell } of runs.steps) {
      expect(shell).toBe('bash');
      expect(run).not.toContain('${{');
    }
  });

  it('pushes what patterns name, and keeps the password out of every command line', async () => {
    const packages = 'dist/**/t*.apk\ndist/one.apk\n\ndist/with blank.apk\n';
    const pushed = await push({ registry: target(), username: 'ci', password, packages });
    expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.any(String)]);
    for (const name of ['one', 'two', 'with-blank']) {
      expect(pushed.stdout).toContain(`published edge/main/x86_64/${name}-1.0-r0.apk`);
    }
    const calls = await readFile(path.join(folder.path, 'calls'), 'utf8');
    expect(calls).toContain('login');
    expect(calls).not.toContain('s3cret');
  });

  it('ends badly where nothing is to be pushed, or nobody may', async () => {
    expect(await push({ registry: target(), packages: 'dist/none*.apk' })).toMatchObject({
      exitCode: 1,
      stdout: '::error::no file matches dist/none*.apk\n',
    });
    expect((await push({ registry: target(), packages: 'dist/one.apk' })).exitCode).toBe(3);
    expect((await push({ registry: target(), packages: 'dist/one.apk', username: 'ci', password: 'x' })).exitCode).toBe(
      3,
    );
  });
});
