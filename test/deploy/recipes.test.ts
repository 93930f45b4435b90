import { execFileSync } from 'node:child_process';
import { chmod, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { buildPrograms, runBin } from '../support/programs.ts';
import { findOnPath } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { deployFolder, findTool, runTool } from './tools.ts';

const recipes = path.join(deployFolder, 'recipes');
const [nfpm, goreleaser, go, busybox] = [
  findTool('nfpm'),
  findTool('goreleaser'),
  findOnPath('go'),
  findOnPath('busybox'),
];

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let gateway: TestGateway;
beforeEach(async () => {
  folder = await makeTempDir();
  gateway = await startGateway();
});
afterEach(async () => {
  await gateway.stop();
  await folder.remove();
});

const inFolder = (name: string) => path.join(folder.path, name);

async function published(architecture: string): Promise<readonly string[]> {
  const answer = await fetch(`${gateway.url}/apk/team/app/edge/main/packages.json?arch=${architecture}`);
  if (answer.status !== 200) return [];
  const { packages } = (await answer.json()) as { packages: { filePath: string }[] };
  return packages.map(({ filePath }) => filePath);
}

interface Upload {
  readonly name: string;
  readonly target: string;
  readonly method: string;
  readonly exts: readonly string[];
  readonly custom_artifact_name: boolean;
}

async function uploadOf(): Promise<Upload> {
  const { uploads } = parse(await readFile(path.join(recipes, 'goreleaser.yaml'), 'utf8')) as { uploads: Upload[] };
  return uploads[0]!;
}

async function anNfpmPackage(): Promise<string> {
  await cp(path.join(recipes, 'nfpm.yaml'), inFolder('nfpm.yaml'));
  await writeFile(inFolder('hello'), '#!/bin/sh\necho hello\n');
  const built = runTool(nfpm!, ['package', '--config', 'nfpm.yaml', '--packager', 'apk', '--target', './'], {
    cwd: folder.path,
  });
  expect(built.exitCode, built.stderr).toBe(0);
  return (await readdir(folder.path)).find((name) => name.endsWith('.apk')) ?? '';
}

describe.skipIf(nfpm === undefined)('the recipe for nfpm', () => {
  it('makes a package that lkar pushes', { timeout: 120_000 }, async () => {
    await buildPrograms();
    const file = await anNfpmPackage();
    const host = new URL(gateway.url).host;
    const pushed = await runBin('lkar', ['push', `${host}/team/app`, 'edge', 'main', file], { cwd: folder.path });
    expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(await published('x86_64')).toEqual(['edge/main/x86_64/hello-1.2.3-r0.apk']);
  });

  it('makes one that goes where the recipe for goreleaser sends it, twice', async () => {
    const { target, method, custom_artifact_name: hasOwnName } = await uploadOf();
    expect([hasOwnName, method]).toEqual([true, 'PUT']);
    const body = new Uint8Array(await readFile(inFolder(await anNfpmPackage())));
    const url = target.replace('https://apk.example.org', gateway.url);
    expect((await fetch(url, { method, body })).status).toBe(201);
    expect((await fetch(url, { method, body })).status).toBe(200);
  });
});

describe.skipIf(goreleaser === undefined || go === undefined)('the recipe for goreleaser', () => {
  it('publishes a release', { timeout: 600_000 }, async () => {
    const config = await readFile(path.join(recipes, 'goreleaser.yaml'), 'utf8');
    const here = config.replace('https://apk.example.org', gateway.url);
    await writeFile(
      inFolder('.goreleaser.yaml'),
      `${here}\nrelease: { disable: true }\nchangelog: { disable: true }\n`,
    );
    await writeFile(inFolder('go.mod'), 'module example.org/hello\n\ngo 1.21\n');
    await writeFile(inFolder('main.go'), 'package main\n\nfunc main() { println("hello") }\n');
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder.path, stdio: 'pipe' });
    git('init', '-q');
    git('remote', 'add', 'origin', 'https://git.example.org/team/hello.git');
    git('add', '.');
    git('-c', 'user.name=team', '-c', 'user.email=team@example.org', 'commit', '-qm', 'hello');
    git('tag', 'v1.2.3');
    const env = { ...process.env, UPLOAD_LKARD_USERNAME: 'ci', UPLOAD_LKARD_SECRET: 's3cret' };
    const released = runTool(goreleaser!, ['release', '--clean', '--skip=announce'], { cwd: folder.path, env });
    expect(released.exitCode, released.stderr).toBe(0);
    expect(await published('x86_64')).toEqual(['edge/main/x86_64/hello-1.2.3.apk']);
    expect(await published('aarch64')).toEqual(['edge/main/aarch64/hello-1.2.3.apk']);
  });
});

describe('the recipe for melange', () => {
  it('builds upon the repository that it publishes to, and its script makes the file', async () => {
    const text = await readFile(path.join(recipes, 'melange.yaml'), 'utf8');
    const { environment, pipeline } = parse(text) as {
      environment: { contents: { repositories: string[]; keyring: string[] } };
      pipeline: { runs: string }[];
    };
    const { repositories, keyring } = environment.contents;
    const own = repositories.find((url) => url.startsWith('https://apk.example.org')) ?? '';
    expect(keyring.some((url) => url.startsWith(`${own}/`) && url.endsWith('.rsa.pub'))).toBe(true);
    const script = pipeline[0]!.runs.replaceAll('${{targets.destdir}}', folder.path);
    expect(runTool('sh', ['-euc', script]).exitCode).toBe(0);
    expect(runTool(inFolder('usr/bin/hello'), []).stdout).toBe('hello\n');
  });
});

describe.skipIf(busybox === undefined)('the recipe for abuild', () => {
  it('is read by the shell that abuild runs in, and makes the file', async () => {
    const script = `set -eu; . ./APKBUILD; pkgdir=${folder.path}; package; echo "$pkgname-$pkgver-r$pkgrel $arch"`;
    await chmod(folder.path, 0o755);
    const run = runTool(busybox!, ['ash', '-c', script], { cwd: recipes });
    expect([run.exitCode, run.stdout]).toEqual([0, 'hello-1.2.3-r0 noarch\n']);
    expect(runTool(inFolder('usr/bin/hello'), []).stdout).toBe('hello\n');
  });
});
