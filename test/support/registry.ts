import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from 'bcryptjs';
import { makeTempDir } from './temp-dir.ts';
import { freePort } from './free-port.ts';

export interface RegistryOptions {
  /** Whether manifests and blobs may be removed. Default: true. */
  readonly delete?: boolean;
  /** User names and passwords; none given, anyone may do anything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Where tokens come from, as `auth: token` in the configuration has it. */
  readonly tokenService?: object;
  /** Files with PEM; none given, it speaks http. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** The program to run. Default: `registryProgram()`. */
  readonly program?: string;
  /** Keeps its content here, and leaves it when it stops: another start goes on with it. Default: a folder of its own. */
  readonly folder?: string;
  /** `127.0.0.1:PORT` to listen on. Default: a free port. */
  readonly host?: string;
  /** Keeps in memory which blobs there are, as the configuration that Debian and Docker ship does. Default: false. */
  readonly hasBlobCache?: boolean;
  /** The URL of a server over `<folder>/data`: those who fetch blobs are sent there. Default: the registry gives them out itself. */
  readonly blobServer?: string;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Distribution 2.8 as Debian packages it: from DOCKER_REGISTRY, else on PATH; undefined where there is none. */
export function registryProgram(): string | undefined {
  return process.env['DOCKER_REGISTRY'] ?? findOnPath('docker-registry');
}

/** Distribution 3: from REGISTRY_V3, else `registry` on PATH; undefined where there is none. */
export function registryV3Program(): string | undefined {
  return process.env['REGISTRY_V3'] ?? findOnPath('registry');
}

/** Starts a real registry, over an empty folder unless one is given, and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const program = options.program ?? registryProgram();
  if (program === undefined) throw new Error('docker-registry is not installed: apt-get install docker-registry');
  const folder = options.folder === undefined ? await makeTempDir() : keptFolder(options.folder);
  const host = options.host ?? `127.0.0.1:${await freePort()}`;
  const config = path.join(folder.path, 'config.yml');
  await writeFile(config, JSON.stringify(await configOf(folder.path, host, options)));
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    await untilAnswering(child, `${options.tls === undefined ? 'http' : 'https'}://${host}/v2/`);
  } catch (error) {
    child.kill();
    throw error;
  }
  return {
    host,
    pid: child.pid!,
    stop: async () => {
      child.kill();
      await ended;
      await folder.remove();
    },
  };
}

/** The first program of that name on PATH. */
export function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function keptFolder(folder: string): Awaited<ReturnType<typeof makeTempDir>> {
  return { path: folder, remove: () => Promise.resolve() };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// JSON is YAML.
async function configOf(folder: string, addr: string, options: RegistryOptions): Promise<object> {
  const { users, tls, tokenService, blobServer } = options;
  const htpasswd = path.join(folder, 'htpasswd');
  if (users !== undefined) await writeFile(htpasswd, await htpasswdOf(users));
  return {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: path.join(folder, 'data') },
      delete: { enabled: options.delete ?? true },
      ...(options.hasBlobCache === true && { cache: { blobdescriptor: 'inmemory' } }),
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr, secret: 'test', draintimeout: '5s', ...(tls && { tls }) },
    ...(blobServer !== undefined && {
      middleware: { storage: [{ name: 'redirect', options: { baseurl: blobServer } }] },
    }),
    ...(users && { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
    ...(tokenService && { auth: { token: tokenService } }),
  };
}

/** The lines of an htpasswd file, of the least cost that bcrypt knows. */
export async function htpasswdOf(users: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(users).map(async ([name, password]) => `${name}:${await hash(password, 4)}\n`);
  return (await Promise.all(lines)).join('');
}

/** Resolves once a program takes connections there. */
export async function untilAnswering(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the registry ended at once with ${child.exitCode}`);
    const { hostname, port } = new URL(url);
    if (await accepts(hostname, Number(port))) return;
    await sleep(25);
  }
  throw new Error('the registry never answered');
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
