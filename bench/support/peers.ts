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
  return startScript(bareServer, file);
}

async function startScript(script: string, argument: string): Promise<Peer> {
  const child = spawn(process.execPath, ['-e', script, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${line.toString().trim()}/`, pid: child.pid!, stop: () => ended(child) };
}

// What any gateway on node has to do at least: pass the bytes on and hash them. The path is that of a blob, or of its upload.
const bareRelay = `
  const { createServer } = require('node:http');
  const { createHash } = require('node:crypto');
  const { Transform } = require('node:stream');
  const { pipeline } = require('node:stream/promises');
  const { request } = require('undici');
  const registry = process.argv[1];
  const hashing = (hash) => new Transform({ transform(chunk, _, done) { hash.update(chunk); done(null, chunk); } });
  const down = async (incoming, outgoing) => {
    const { body, headers } = await request(registry + incoming.url);
    outgoing.writeHead(200, { 'Content-Length': headers['content-length'] });
    await pipeline(body, hashing(createHash('sha256')), outgoing);
  };
  const up = async (incoming, outgoing) => {
    const begun = await request(registry + incoming.url, { method: 'POST' });
    await begun.body.dump();
    const hash = createHash('sha256');
    const body = incoming.pipe(hashing(hash));
    const type = { 'content-type': 'application/octet-stream' };
    const sent = await request(new URL(begun.headers.location, registry), { method: 'PATCH', headers: type, body });
    await sent.body.dump();
    const end = new URL(sent.headers.location, registry);
    end.searchParams.set('digest', 'sha256:' + hash.digest('hex'));
    const put = await request(end, { method: 'PUT' });
    await put.body.dump();
    outgoing.writeHead(put.statusCode).end();
  };
  createServer((incoming, outgoing) => {
    (incoming.method === 'GET' ? down : up)(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

/** A bare pipe to and from a registry, by undici and node:http, that hashes what passes and does nothing else. */
export async function startBareRelay(registry: string): Promise<Peer> {
  return startScript(bareRelay, `http://${registry}`);
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
