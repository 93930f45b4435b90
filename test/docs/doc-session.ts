import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayUnshare } from '../client/apk-root.ts';
import { anApk } from '../support/an-apk.ts';
import { findClient, type Client } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import { findOnPath } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { root } from './doc-blocks.ts';

/** Somebody who types what a page says, in a clone. */
export interface DocSession {
  /** `127.0.0.1:PORT` of the gateway that a `serve` block starts. */
  readonly host: string;
  /** The folder that stands for the clone. */
  readonly folder: string;
  /** Runs a block in bash, with the variables that those before it left; what it printed. Throws where it fails. */
  run(text: string): Promise<string>;
  /** The same with each apk that is there, on a root of its own. */
  runWithApk(text: string, options?: { readonly isNewMachine?: boolean }): Promise<string>;
  /** Starts a block in place of the one before, and waits until its gateway answers. */
  serve(text: string, env?: Readonly<Record<string, string>>): Promise<void>;
  end(): Promise<void>;
}

export interface DocSessionOptions {
  /** What stands for a registry in the page, `127.0.0.1:5000`. */
  readonly registry?: string | undefined;
  /** Further texts and what stands for them here. */
  readonly places?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Every apk of this machine; apk 2 installs as root alone. */
export const apkClients: readonly Client[] = (['apk2', 'apk3'] as const).flatMap((name) => {
  const client = findClient(name);
  return client === undefined || !mayUnshare ? [] : [client];
});

const fixtures = ['minimal-1.0-r0.apk', 'noarch-1.0-r0.apk', 'rsa256-1.0-r0.apk', 'meta-1.0-r0.apk'];
const timeoutMs = 120_000;

/** Prepares a clone, a home and a machine's root; only ports, hosts and folders are other than the page has them. */
export async function startDocSession({ registry, places, env }: DocSessionOptions): Promise<DocSession> {
  const temp = await makeTempDir();
  const [folder, home, bin] = ['clone', 'home', 'bin'].map((name) => path.join(temp.path, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([folder, home, bin, path.join(folder, 'packages')].map((one) => mkdir(one, { recursive: true })));
  for (const name of await readdir(root)) {
    if (!['packages', 'data'].includes(name) && !name.startsWith('.'))
      await symlink(path.join(root, name), path.join(folder, name));
  }
  for (const name of fixtures) {
    const fixture = path.join(root, 'test/fixtures/good', name);
    await copyFile(fixture, path.join(folder, name));
    await copyFile(fixture, path.join(folder, 'packages', name));
  }
  for (const name of ['lkar', 'lkard']) await symlink(path.join(root, 'bin', `${name}.js`), path.join(bin, name));
  // What curl calls a success is none to whoever reads the page.
  const curl = findOnPath('curl') ?? 'curl';
  const strict = `case " $* " in *" -f"* | *" --fail"*) exec ${curl} "$@" ;; *) exec ${curl} --fail-with-body "$@" ;; esac`;
  await writeFile(path.join(bin, 'curl'), `#!/bin/sh\n${strict}\n`, { mode: 0o755 });
  await writeFile(path.join(folder, 'hello-1.0-r0.apk'), anApk({ name: 'hello', version: '1.0-r0' }));
  const host = `127.0.0.1:${await freePort()}`;
  const table: Readonly<Record<string, string>> = {
    ...places,
    '--addr :9887': `--addr ${host}`,
    '127.0.0.1:9887': host,
    ...(registry !== undefined && { '127.0.0.1:5000': registry }),
    'https://apk.example.org': `http://${host}`,
    'apk.example.org': host,
    '/tmp/alpine-root': path.join(temp.path, 'another-root'),
  };
  const state = path.join(temp.path, 'variables');
  await writeFile(state, `cd ${folder}\n`);
  const environment = {
    ...{ PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home, DOCKER_CONFIG: path.join(home, '.docker') },
    ...{
      ARTIFACT_REGISTRY_ADDR: host,
      ARTIFACT_REGISTRY_DATA: path.join(folder, 'data'),
      npm_config_loglevel: 'error',
    },
    ...{ ARTIFACT_REGISTRY_DRAIN_TIMEOUT: '1s', ...env },
  };
  const here = (text: string) =>
    Object.entries(table).reduce((changed, [from, to]) => changed.replaceAll(from, to), text);

  const run = async (text: string, machine = path.join(temp.path, 'root')): Promise<string> => {
    await mkdir(path.join(machine, 'etc/apk/keys'), { recursive: true });
    const onMachine = here(text)
      .replaceAll('/etc/apk', path.join(machine, 'etc/apk'))
      .replace(/\| sh$/gm, `| sh -s -- --root ${machine}`);
    const script = `set -a; . ${state}; set -e -o pipefail\n${onMachine}\n{ export -p; echo cd "$PWD"; } > ${state}`;
    const child = spawn('bash', ['-c', script], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`it ended with ${code}:\n${onMachine}\n${output}`);
    return output;
  };

  let machines = 0;
  let served: { readonly pid: number; readonly ended: Promise<unknown>; hasEnded(): boolean } | undefined;
  const stop = async () => {
    if (served === undefined) return;
    // Its own process group: npm and what it started.
    if (!served.hasEnded()) process.kill(-served.pid, 'SIGTERM');
    await served.ended;
    served = undefined;
  };

  return {
    host,
    folder,
    run: (text) => run(text),
    async runWithApk(text, { isNewMachine = false } = {}) {
      if (isNewMachine) machines += 1;
      let output = '';
      for (const [i, client] of apkClients.entries()) {
        const machine = path.join(temp.path, `machine-${machines}-${i}`);
        const apk = ['unshare', '--mount', '--', client.program, '--root', machine, '--arch', 'x86_64'].join(' ');
        await writeFile(path.join(bin, 'apk'), `#!/bin/sh\nexec ${apk} "$@"\n`, { mode: 0o755 });
        await mkdir(machine, { recursive: true });
        await run('[ -e /etc/apk/../../lib/apk/db/installed ] || apk add --initdb', machine);
        output += await run(text, machine);
      }
      return output;
    },
    async serve(text, given = {}) {
      await stop();
      const own = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, here(value)]));
      const settings = {
        env: { ...environment, ...own },
        cwd: folder,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'] as const,
      };
      const child = spawn('bash', ['-c', `exec ${here(text)}`], { ...settings, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      served = { pid: child.pid!, ended: once(child, 'close'), hasEnded: () => child.exitCode !== null };
      for (let attempt = 0; !(await isAnswering(host)); attempt += 1) {
        if (child.exitCode !== null || attempt === 600) throw new Error(`it never answered:\n${text}\n${output}`);
        await sleep(100);
      }
    },
    async end() {
      await stop();
      await temp.remove();
    },
  };
}

async function isAnswering(host: string): Promise<boolean> {
  return fetch(`http://${host}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
