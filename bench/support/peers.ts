import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOnPath } from '../../test/support/registry.ts';
import { makeTempDir } from '../../test/support/temp-dir.ts';
import { freePort } from '../../test/support/free-port.ts';

/** A server that the gateway is measured against, in a process of its own. */
export interface Peer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

// Plain node: what no gateway that runs on it can be faster than. It knows a 304, as any server of files does.
const bareServer = `
  const { createServer } = require('node:http');
  const { readFileSync } = require('node:fs');
  const body = readFileSync(process.argv[1]);
  const headers = { 'Content-Type': 'application/gzip', ETag: '"e1"', 'Cache-Control': 'no-cache' };
  const whole = { ...headers, 'Content-Length': String(body.length) };
  createServer((incoming, outgoing) => {
    if (incoming.headers['if-none-match'] === '"e1"') outgoing.writeHead(304, headers).end();
    else outgoing.writeHead(200, whole).end(body);
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

/** The entity tag of all that the bare server serves. */
export const bareEtag = '"e1"';

/** A bare node:http server that has one file in memory. */
export async function startBareServer(file: string): Promise<Peer> {
  const child = spawn(process.execPath, ['-e', bareServer, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${line.toString().trim()}/`, pid: child.pid!, stop: () => ended(child) };
}

/** nginx with one worker over some files; undefined where it isn't installed. */
export async function startNginx(files: Readonly<Record<string, Uint8Array>>): Promise<Peer | undefined> {
  const folder = await makeTempDir();
  // Started by root, its worker runs as nobody.
  await chmod(folder.path, 0o755);
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder.path, name), bytes);
  const nginx = await startNginxOver(folder.path);
  if (nginx === undefined) await folder.remove();
  return nginx && { ...nginx, stop: () => nginx.stop().then(() => folder.remove()) };
}

/** nginx with one worker over a folder that is there, and that everybody may read; undefined where it isn't installed. */
export async function startNginxOver(root: string): Promise<Peer | undefined> {
  const program = findOnPath('nginx') ?? findOnPath('/usr/sbin/nginx');
  if (program === undefined) return undefined;
  const folder = await makeTempDir();
  const port = await freePort();
  const config = path.join(folder.path, 'nginx.conf');
  await writeFile(config, configOf(folder.path, root, port));
  const child = spawn(program, ['-c', config, '-g', 'daemon off;'], { stdio: 'ignore' });
  await untilAccepting(port);
  const stop = async () => {
    await ended(child);
    await folder.remove();
  };
  return { url: `http://127.0.0.1:${port}/`, pid: child.pid!, stop };
}

function configOf(folder: string, root: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events { worker_connections 1024; }
    http {
      access_log off;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 100000000;
      open_file_cache max=1000;
      ${temporary.join('\n')}
      server { listen 127.0.0.1:${port}; root ${root}; }
    }`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

async function untilAccepting(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isOpen) return;
    await sleep(25);
  }
  throw new Error('nginx never answered');
}
