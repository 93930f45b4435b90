import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { findOnPath, htpasswdOf, untilAnswering, type TestRegistry } from './registry.ts';
import { makeTempDir } from './temp-dir.ts';

export interface ZotOptions {
  readonly users: Readonly<Record<string, string>>;
  /** `create`, `read`, `update`, `delete` of each user, for all images. */
  readonly rights: Readonly<Record<string, readonly string[]>>;
  readonly tls: { readonly certificate: string; readonly key: string };
}

/** zot: from ZOT, else on PATH; undefined where there is none. */
export function zotProgram(): string | undefined {
  return process.env['ZOT'] ?? findOnPath('zot');
}

/** Starts zot over an empty folder, and waits until it answers. */
export async function startZot({ users, rights, tls }: ZotOptions): Promise<TestRegistry> {
  const program = zotProgram();
  if (program === undefined) throw new Error('zot is not installed');
  const folder = await makeTempDir();
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const htpasswd = path.join(folder.path, 'htpasswd');
  await writeFile(htpasswd, await htpasswdOf(users));
  const policies = Object.entries(rights).map(([user, actions]) => ({ users: [user], actions }));
  const config = {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: path.join(folder.path, 'data'), gc: false },
    log: { level: 'error', output: path.join(folder.path, 'zot.log') },
    http: {
      ...{ address: '127.0.0.1', port: String(port), realm: 'zot' },
      tls: { cert: tls.certificate, key: tls.key },
      auth: { htpasswd: { path: htpasswd }, failDelay: 0 },
      accessControl: { repositories: { '**': { policies, defaultPolicy: [] } } },
    },
  };
  const file = path.join(folder.path, 'zot.json');
  await writeFile(file, JSON.stringify(config));
  const child = spawn(program, ['serve', file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await ended;
    await folder.remove();
  };
  await untilAnswering(child, `https://${host}/v2/`).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { host, pid: child.pid!, stop };
}
