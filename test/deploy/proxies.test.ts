import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { makeCertificate } from '../support/certificate.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { deployFolder, findTool, runTool } from './tools.ts';

const nginx = findTool('nginx');
const caddy = findTool('caddy');

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let gateway: TestGateway;
let proxy: ChildProcess | undefined;
let port: number;
const agent = new Agent({ connect: { rejectUnauthorized: false } });

beforeEach(async () => {
  folder = await makeTempDir();
  gateway = await startGateway({ settings: { 'trusted-proxy': ['127.0.0.1'] } });
  port = await freePort();
});
afterEach(async () => {
  proxy?.kill('SIGTERM');
  if (proxy !== undefined && proxy.exitCode === null) await once(proxy, 'exit');
  proxy = undefined;
  await gateway.stop();
  await folder.remove();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

/** A file of deploy/nginx with this test's addresses and files, in a prefix of its own; the arguments that run it. */
async function prepareNginx(name: string): Promise<readonly string[]> {
  const { files } = await makeCertificate(folder.path);
  const site = (await readFile(path.join(deployFolder, 'nginx', name), 'utf8'))
    .replace('/var/cache/nginx/lkard', `${folder.path}/cache`)
    .replace('server 127.0.0.1:9887;', `server ${new URL(gateway.url).host};`)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
    .replace('/etc/ssl/lkard/tls.crt', files.certificate)
    .replace('/etc/ssl/lkard/tls.key', files.key);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder.path}/${name};`,
  );
  // The worker of an nginx that root starts may write where root's folders are.
  const whole = `daemon off; user ${userInfo().username}; pid ${folder.path}/pid; error_log stderr; events {}\nhttp { access_log off; ${temp.join(' ')}\n${site}\n}`;
  await writeFile(path.join(folder.path, 'nginx.conf'), whole);
  return ['-p', folder.path, '-e', 'stderr', '-c', path.join(folder.path, 'nginx.conf')];
}

/** Runs deploy/Caddyfile, which without a public name makes a certificate of its own. */
async function prepareCaddy(): Promise<{ readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }> {
  const config = (await readFile(path.join(deployFolder, 'Caddyfile'), 'utf8')).replace(
    /^\{\$LKARD_HOST/m,
    '{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n{$LKARD_HOST',
  );
  const file = path.join(folder.path, 'Caddyfile');
  await writeFile(file, config);
  const own = { LKARD_HOST: `https://localhost:${port}`, LKARD_UPSTREAM: new URL(gateway.url).host };
  const env = {
    PATH: process.env['PATH'],
    HOME: folder.path,
    XDG_DATA_HOME: folder.path,
    XDG_CONFIG_HOME: folder.path,
    ...own,
  };
  return { args: ['run', '--config', file, '--adapter', 'caddyfile'], env };
}

async function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  let said = '';
  proxy = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  proxy.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (proxy.exitCode !== null) throw new Error(said);
    const answer = await ask('GET', '/healthz').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`it never answered: ${said}`);
}

async function ask(
  method: 'GET' | 'PUT',
  target: string,
  body?: Buffer,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly content: Buffer; readonly cache: unknown }> {
  // A length that isn't told beforehand: the body must not be gathered on its way.
  const {
    statusCode,
    headers,
    body: answer,
  } = await request(`https://localhost:${port}${target}`, {
    method,
    dispatcher: agent,
    body: body === undefined ? null : Readable.from(chunksOf(body)),
    headers: { 'x-forwarded-host': 'evil.example.org', 'x-forwarded-prefix': '/evil', ...more },
  });
  return { status: statusCode, content: Buffer.from(await answer.arrayBuffer()), cache: headers['x-cache'] };
}

function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536);
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

async function expectToServe(): Promise<void> {
  // Over what proxies take by default, 1 MiB, and over what the gateway holds in memory.
  const content = anApk({ name: 'large', version: '1.0-r0', dataBytes: 24 * 2 ** 20 });
  const base = '/apk/team/app/edge/main';
  expect((await ask('PUT', `${base}/push`, content)).status).toBe(201);
  const fetched = await ask('GET', `${base}/x86_64/large-1.0-r0.apk`);
  expect([fetched.status, sha256(fetched.content)]).toEqual([200, sha256(content)]);
  const setup = (await ask('GET', `${base}/setup`)).content.toString();
  expect(setup).toContain(`https://localhost:${port}${base}`);
  expect(setup).not.toContain('evil');
}

describe.skipIf(nginx === undefined).each(['lkard.conf', 'lkard-cached.conf'])('deploy/nginx/%s', (name) => {
  it('is what nginx takes', async () => {
    const { exitCode, stderr } = runTool(nginx!, ['-t', ...(await prepareNginx(name))]);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('test is successful')]);
    expect(stderr.replace(/.*the "user" directive makes sense only.*/, '')).not.toContain('warn');
  });

  it('lets large packages through both ways, and the setup script names the URL that people use', async () => {
    await start(nginx!, await prepareNginx(name));
    await expectToServe();
  });
});

describe.skipIf(nginx === undefined)('deploy/nginx/lkard-cached.conf', () => {
  const base = '/apk/team/app/edge/main';
  const file = `${base}/x86_64/hello-1.0-r0.apk`;

  it('keeps a package for all who come without credentials, and no index', async () => {
    await start(nginx!, await prepareNginx('lkard-cached.conf'));
    const hello = anApk({ name: 'hello', version: '1.0-r0' });
    expect((await ask('PUT', `${base}/push`, hello)).status).toBe(201);
    const cacheOf = async (target: string, headers = {}) => (await ask('GET', target, undefined, headers)).cache;
    expect([await cacheOf(file), await cacheOf(file)]).toEqual(['MISS', 'HIT']);
    expect(await cacheOf(file, { authorization: 'Basic YTpi' })).toBe('BYPASS');
    expect(await cacheOf(`${base}/x86_64/APKINDEX.tar.gz`)).toBeUndefined();
    const more = anApk({ name: 'more', version: '1.0-r0' });
    const before = (await ask('GET', `${base}/x86_64/APKINDEX.tar.gz`)).content;
    expect((await ask('PUT', `${base}/push`, more)).status).toBe(201);
    expect((await ask('GET', `${base}/x86_64/APKINDEX.tar.gz`)).content.equals(before)).toBe(false);
  });
});

describe.skipIf(caddy === undefined)('deploy/Caddyfile', () => {
  it('lets large packages through both ways, and the setup script names the URL that people use', async () => {
    const { args, env } = await prepareCaddy();
    await start(caddy!, args, env);
    await expectToServe();
  });
});
