import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { freePort } from '../../support/free-port.ts';
import { startGateway } from '../../support/gateway.ts';
import { startPrivateRegistry } from '../../support/private-registry.ts';
import { findOnPath, untilAnswering } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const nginx = findOnPath('nginx');
const base = '/apk/team/app/edge/main';
const paths = [
  '/x86_64/APKINDEX.tar.gz',
  '/x86_64/hello-1.0-r0.apk',
  '/key',
  '/jwks.json',
  '/setup',
  '/packages.json',
  '/feed.atom',
  '/status.json',
  '/apk-configuration',
];
const as = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:pw`).toString('base64')}` });

/** nginx that caches whatever it is allowed to, and knows nothing of Authorization. */
async function aCacheBefore(url: string): Promise<string> {
  const folder = await makeTempDir();
  await mkdir(path.join(folder.path, 'logs'));
  const port = await freePort();
  const config = path.join(folder.path, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; user ${userInfo().username}; pid ${folder.path}/pid; error_log ${folder.path}/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder.path}/body; proxy_temp_path ${folder.path}/proxy;
      fastcgi_temp_path ${folder.path}/f; uwsgi_temp_path ${folder.path}/u; scgi_temp_path ${folder.path}/s;
      proxy_cache_path ${folder.path}/cache keys_zone=all:1m;
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${url}; proxy_cache all; add_header X-Cache $upstream_cache_status always; }
      }
    }`,
  );
  const child = spawn(nginx ?? '', ['-p', folder.path, '-c', config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill();
    await ended;
    await folder.remove();
  });
  await untilAnswering(child, `http://127.0.0.1:${port}/`);
  return `http://127.0.0.1:${port}`;
}

it.skipIf(nginx === undefined)(
  `a cache in front keeps for others nothing that took credentials to read${nginx === undefined ? ' (no nginx)' : ''}`,
  async () => {
    const registry = await startPrivateRegistry({
      alice: { password: 'pw', images: { 'team/app': ['pull', 'push'] } },
      bob: { password: 'pw', images: {} },
    });
    const gateway = await startGateway({ store: { registry: registry.host } });
    onTestFinished(async () => {
      await gateway.stop();
      await registry.stop();
    });
    const url = await aCacheBefore(gateway.url);
    const body = anApk({ name: 'hello', version: '1.0-r0' });
    const pushed = await fetch(`${gateway.url}${base}/push`, { method: 'PUT', headers: as('alice'), body });
    expect(pushed.status).toBe(201);
    for (const at of paths) {
      const ask = async (headers: Record<string, string>) => (await fetch(`${url}${base}${at}`, { headers })).status;
      expect([at, await ask(as('alice')), await ask(as('alice'))]).toEqual([at, 200, 200]);
      // apko asks for this one without credentials, and stops at any other refusal.
      const anonymous = at === '/apk-configuration' ? 404 : 401;
      expect([at, await ask({}), await ask(as('bob'))]).toEqual([at, anonymous, 403]);
    }
  },
  60_000,
);

it.skipIf(nginx === undefined)(
  'and keeps packages that anybody may read',
  async () => {
    const gateway = await startGateway();
    onTestFinished(() => gateway.stop());
    const url = await aCacheBefore(gateway.url);
    const body = anApk({ name: 'hello', version: '1.0-r0' });
    expect((await fetch(`${gateway.url}${base}/push`, { method: 'PUT', body })).status).toBe(201);
    const seen = async () => {
      const answer = await fetch(`${url}${base}/x86_64/hello-1.0-r0.apk`);
      await answer.arrayBuffer();
      return answer.headers.get('x-cache');
    };
    expect([await seen(), await seen()]).toEqual(['MISS', 'HIT']);
  },
  60_000,
);
