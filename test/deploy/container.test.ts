import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { findOnPath } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { findTool, root, runTool } from './tools.ts';

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
  readonly Labels: Readonly<Record<string, string>>;
  readonly Volumes: Readonly<Record<string, object>>;
}

const [buildah, busybox, npm] = [findTool('buildah'), findOnPath('busybox'), findOnPath('npm')];
const chroot = findOnPath('chroot') ?? 'chroot';
const isRoot = process.getuid?.() === 0;
const mayBuild = buildah !== undefined && busybox !== undefined && npm !== undefined && isRoot;
if (!mayBuild) console.log('test/deploy: the image is built only by root, with buildah, busybox and npm');

/** The image, built on bases made of this machine's own node: no base can be pulled in a test. */
describe.skipIf(!mayBuild)('deploy/Containerfile', () => {
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let config: ImageConfig;
  let image: string;

  const runBuildah = (...args: string[]): string => {
    const own = ['--root', `${folder.path}/storage`, '--runroot', `${folder.path}/run`, '--storage-driver', 'vfs'];
    const { exitCode, stdout, stderr } = runTool(buildah!, [...own, ...args], { cwd: root });
    if (exitCode !== 0) throw new Error(`buildah ${args[0] ?? ''}: ${stderr}`);
    return stdout.trim();
  };
  const inImage = (command: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const own = Object.fromEntries(
      config.Env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
    // An image on another base has its own PATH.
    return [chroot, [`--userspec=${config.User}`, image, ...command], { env: { ...own, ...env } }] as const;
  };

  beforeAll(async () => {
    folder = await makeTempDir();
    for (const name of ['base', 'runtime']) {
      const container = runBuildah('from', 'scratch');
      runBuildah('copy', '-q', container, await makeBase(path.join(folder.path, name), name === 'base'), '/');
      runBuildah('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container);
      runBuildah('commit', '-q', container, `localhost/${name}`);
    }
    const bases = [
      '--build-arg',
      'BASE=localhost/base',
      '--build-arg',
      'RUNTIME=localhost/runtime',
      '--build-arg',
      'VERSION=1.2.3',
    ];
    const files = ['-f', 'deploy/Containerfile', '--ignorefile', 'deploy/Containerfile.dockerignore'];
    const npmrc = runTool(npm!, ['config', 'get', 'userconfig']).stdout.trim();
    const secret = await stat(npmrc).then(
      () => ['--secret', `id=npmrc,src=${npmrc}`],
      () => [],
    );
    // Docker's format, since OCI's has no health check.
    runBuildah(
      'bud',
      '--isolation',
      'chroot',
      '--format',
      'docker',
      ...files,
      ...bases,
      ...secret,
      '-t',
      'localhost/lkard',
      '.',
    );
    const inspected = JSON.parse(runBuildah('inspect', '--type', 'image', 'localhost/lkard')) as {
      Docker: { config: ImageConfig };
    };
    config = inspected.Docker.config;
    image = runBuildah('mount', runBuildah('from', 'localhost/lkard'));
  }, 900_000);
  afterAll(async () => {
    runBuildah('umount', '--all');
    await folder.remove();
  });

  it('has no user but a number, and says what it is', () => {
    expect(config.User).toBe('65532:65532');
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.version': '1.2.3',
      'org.opencontainers.image.licenses': 'Apache-2.0',
    });
    expect(Object.keys(config.Volumes).sort()).toEqual(['/tmp', '/var/lib/lkard']);
  });

  it('has what runs and nothing else', async () => {
    const { dependencies, files } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
      dependencies: object;
      files: string[];
    };
    const published = files.filter((name) => name !== 'docs' && name !== 'man' && !name.endsWith('.md'));
    expect((await readdir(path.join(image, 'opt/lkard'))).sort()).toEqual(
      [...published, 'healthcheck.mjs', 'node_modules', 'package.json'].sort(),
    );
    const modules = await readdir(path.join(image, 'opt/lkard/node_modules'));
    expect(modules).toEqual(expect.arrayContaining(Object.keys(dependencies).map((name) => name.split('/')[0])));
    expect(modules).not.toContain('typescript');
  });

  it('serves, is healthy, and writes nothing outside its volumes', async () => {
    const before = await filesOf(image);
    const child = spawn(...inImage([...config.Entrypoint, '--addr', '127.0.0.1:0', '--insecure-open']));
    const ended = once(child, 'exit');
    const address = await servedAddress(child);
    const [, ...check] = config.Healthcheck.Test;
    const health = (env: Readonly<Record<string, string>>, ...args: string[]) => {
      const [program, checkArgs, options] = inImage([...check, ...args], env);
      return runTool(program, checkArgs, options).exitCode;
    };
    expect(health({ ARTIFACT_REGISTRY_ADDR: address })).toBe(0);
    expect(health({}, `http://${address}/readyz`)).toBe(0);
    expect(health({ ARTIFACT_REGISTRY_ADDR: '127.0.0.1:1' })).toBe(1);
    const base = `http://${address}/apk/team/app/edge/main`;
    const content = anApk({ name: 'hello', version: '1.0-r0', dataBytes: 6 * 2 ** 20 });
    expect((await fetch(`${base}/push`, { method: 'PUT', body: content })).status).toBe(201);
    const fetched = await fetch(`${base}/x86_64/hello-1.0-r0.apk`);
    expect(Buffer.from(await fetched.arrayBuffer()).equals(content)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const written = (await filesOf(image)).filter((file) => !before.includes(file));
    expect(written.filter((file) => !/^(tmp|var\/lib\/lkard)(\/|$)/.test(file))).toEqual([]);
    expect(written).toContain('var/lib/lkard/signing-key.rsa');
  });
});

/** A root file system of this machine's node and what it links to; for building, also busybox and npm with its settings. */
async function makeBase(folder: string, mayBuildIn: boolean): Promise<string> {
  const copied = (file: string, to = file) => cp(file, path.join(folder, to), { recursive: true, dereference: true });
  for (const name of ['tmp', 'bin', 'etc', 'root', 'usr/bin', 'usr/lib/node_modules'])
    await mkdir(path.join(folder, name), { recursive: true });
  runTool('chmod', ['1777', path.join(folder, 'tmp')]);
  await copied(process.execPath, 'usr/bin/node');
  for (const file of librariesOf(process.execPath)) await copied(file);
  if (!mayBuildIn) return folder;
  await copied(busybox!, 'bin/busybox');
  for (const file of librariesOf(busybox!)) await copied(file);
  for (const name of ['sh', 'env', 'mkdir', 'mv', 'ln', 'rm']) await symlink('busybox', path.join(folder, 'bin', name));
  await symlink('../../bin/busybox', path.join(folder, 'usr/bin/env'));
  await cp(
    path.join(runTool(npm!, ['root', '--global']).stdout.trim(), 'npm'),
    path.join(folder, 'usr/lib/node_modules/npm'),
    { recursive: true },
  );
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(folder, 'usr/bin/npm'));
  const settings = [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/nsswitch.conf',
    runTool(npm!, ['config', 'get', 'globalconfig']).stdout.trim(),
  ];
  for (const file of settings) await copied(file).catch(() => undefined);
  return folder;
}

function librariesOf(program: string): readonly string[] {
  const { stdout } = runTool('ldd', [program]);
  const linked = [...stdout.matchAll(/(\/\S+)(?= \(0x)/g)].map(([file]) => file);
  // What the C library loads by itself to look names up.
  const folder = linked.find((file) => file.endsWith('/libc.so.6'))?.replace(/libc\.so\.6$/, '');
  return folder === undefined
    ? linked
    : [...linked, ...['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'].map((name) => folder + name)];
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

async function servedAddress(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const [, address] = /serves Alpine packages at http:\/\/(\S+)/.exec(said) ?? [];
    if (address === undefined) continue;
    child.stdout!.resume();
    return address;
  }
  throw new Error(`it ended: ${said}`);
}
