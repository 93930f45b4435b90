import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { request } from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from '../support/an-apk.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../support/programs.ts';
import { htpasswdOf, registryProgram, startRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const ends: (() => Promise<unknown>)[] = [];
beforeAll(() => buildPrograms());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Two workers on the embedded store, their key yet to be made. */
async function twoWorkers(...flags: readonly string[]): Promise<{ gateway: RunningLkard; data: string }> {
  const folder = await makeTempDir();
  ends.push(() => folder.remove());
  const data = path.join(folder.path, 'data');
  const gateway = await startLkard(['--workers', '2', '--data', data, '--log-format', 'json', ...flags]);
  ends.push(() => gateway.stop());
  return { gateway, data };
}

// Each on a connection of its own, which the workers take in turn.
async function ask(url: string, options: Parameters<typeof request>[1] = {}) {
  const { statusCode, body } = await request(url, { ...options, headers: { connection: 'close' } });
  return { status: statusCode, bytes: Buffer.from(await body.arrayBuffer()) };
}

const base = '/apk/demo/edge/main';
const index = `${base}/x86_64/APKINDEX.tar.gz`;

const push = async ({ url }: RunningLkard, name: string, query = '') => {
  const body = anApk({ name, version: '1.0-r0', arch: 'x86_64', files: { [`usr/share/${name}`]: name } });
  return (await ask(`${url}${base}/push${query}`, { method: 'PUT', body })).status;
};

async function listedBy({ url }: RunningLkard): Promise<readonly string[]> {
  const { status, bytes } = await ask(`${url}${index}`);
  if (status !== 200) return [];
  return readIndexFile(bytes).entries.map(({ name }) => name);
}

/** The workers' own numbers, by the lines of requests that they answered. */
function answeringPids({ output, pid }: RunningLkard): ReadonlySet<number> {
  const lines = output().matchAll(/"pid":(\d+),"time":"[^"]*","requestId"/g);
  return new Set([...lines].map(([, number]) => Number(number)).filter((number) => number !== pid));
}

/** Asks many at once, again and again, until both workers have answered: who takes a connection is the system's choice. */
async function untilBothAnswered(gateway: RunningLkard, askOnce: () => Promise<unknown>): Promise<number> {
  let asked = 0;
  const both = async () => {
    asked += 16;
    await Promise.all(Array.from({ length: 16 }, askOnce));
    return answeringPids(gateway).size;
  };
  await expect.poll(both, { timeout: 30_000 }).toBe(2);
  return asked;
}

const counted = async ({ url }: RunningLkard, series: string) => {
  const { bytes } = await ask(`${url}/metrics`);
  const line = bytes
    .toString()
    .split('\n')
    .find((one) => one.startsWith(`${series} `));
  return Number(line?.split(' ')[1]);
};
describe('several workers', () => {
  it('serve one address, each with its number in its lines', { timeout: 60_000 }, async () => {
    const { gateway } = await twoWorkers();
    await untilBothAnswered(gateway, async () => {
      expect((await ask(`${gateway.url}/openapi.json`)).status).toBe(200);
    });
    expect(await gateway.stop()).toBe(0);
  });

  it('lose no acknowledged push when one of them is killed, and it is replaced', { timeout: 120_000 }, async () => {
    const { gateway, data } = await twoWorkers();
    expect(await push(gateway, 'first')).toBe(201);
    await untilBothAnswered(gateway, () => listedBy(gateway));
    const names = Array.from({ length: 40 }, (_, i) => `killed-${i}`);
    const acknowledged = ['first'];
    let answered = 0;
    const work = names.values();
    const pusher = async () => {
      for (const name of work) {
        // Whoever was cut off pushes again, as a CI job would.
        const status = await push(gateway, name, '?if-exists=skip').catch(() => 0);
        if (status === 201 || status === 200) acknowledged.push(name);
        answered += 1;
        if (answered === 10) process.kill([...answeringPids(gateway)][0]!, 'SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: 8 }, pusher));
    expect(acknowledged.length).toBeGreaterThan(20);
    const missing = async () => {
      const listed = await listedBy(gateway);
      return acknowledged.filter((name) => !listed.includes(name));
    };
    await expect.poll(missing, { timeout: 30_000 }).toEqual([]);
    await expect.poll(() => counted(gateway, 'lkard_workers'), { timeout: 30_000 }).toBe(2);
    expect(await counted(gateway, 'lkard_worker_restarts_total')).toBe(1);
    for (const name of names) expect([200, 201]).toContain(await push(gateway, name, '?if-exists=skip'));
    expect(readdirSync(data).filter((name) => name.startsWith('signing-key'))).toEqual(['signing-key.rsa']);
    expect(gateway.output().match(/audit: signing key made/g)).toHaveLength(1);
  });

  it('count as one, also what one of them counted that is gone', { timeout: 120_000 }, async () => {
    const { gateway } = await twoWorkers();
    const read = () => ask(`${gateway.url}/openapi.json`);
    let asked = await untilBothAnswered(gateway, read);
    const series = [
      'lkard_http_requests_total{route="/openapi.json",method="GET",status="200"}',
      'lkard_http_request_duration_seconds_count{route="/openapi.json"}',
    ];
    // Whichever worker answers says the same.
    const tellTheSame = async () => {
      const told = await Promise.all(Array.from({ length: 8 }, (_, i) => counted(gateway, series[i % 2]!)));
      expect(told).toEqual(told.map(() => asked));
    };
    await tellTheSame();
    const [victim] = answeringPids(gateway);
    process.kill(victim!, 'SIGKILL');
    const restarts = () => counted(gateway, 'lkard_worker_restarts_total').catch(() => 0);
    await expect.poll(restarts, { timeout: 30_000 }).toBe(1);
    await expect.poll(() => counted(gateway, 'lkard_workers'), { timeout: 30_000 }).toBe(2);
    await tellTheSame();
    for (let i = 0; i < 20; i += 1) await read();
    asked += 20;
    await tellTheSame();
  });

  it('finish what is under way when they are told to stop, and take nothing new', { timeout: 60_000 }, async () => {
    const { gateway } = await twoWorkers('--drain-timeout', '20s', '--signing-key', keyFixture('test-only-2048.rsa'));
    const body = anApk({ name: 'slow', version: '1.0-r0', arch: 'x86_64' });
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    ends.push(() => Promise.resolve(socket.destroy()));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(
      `PUT ${base}/push HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await expect.poll(() => answer).toMatch(/^HTTP\/1.1 100/);
    const stopped = gateway.stop();
    await expect
      .poll(() =>
        ask(`${gateway.url}/readyz`).then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('refused');
    socket.write(body);
    await expect.poll(() => answer, { timeout: 20_000 }).toMatch(/HTTP\/1.1 201/);
    socket.destroy();
    expect(await stopped).toBe(0);
  });

  it('say once why they can’t start', { timeout: 60_000 }, async () => {
    const { exitCode, stderr } = await runBin('lkard', [
      ...['--workers', '3', '--addr', '127.0.0.1:0', '--signing-key', '/nowhere/key.rsa'],
    ]);
    expect(exitCode).not.toBe(0);
    expect(stderr.match(/nowhere/g)).toHaveLength(1);
  });

  it.runIf(registryProgram() !== undefined)(
    'make one signing key for an image that both are pushed to at once',
    { timeout: 120_000 },
    async () => {
      const registry = await startRegistry();
      ends.push(() => registry.stop());
      const aesKey = createHash('sha256').update('test').digest('hex');
      const { gateway } = await twoWorkers('--backend', registry.host, '--no-https', '--aes-key', aesKey);
      const names = Array.from({ length: 16 }, (_, i) => `keyed-${i}`);
      expect(await Promise.all(names.map((name) => push(gateway, name)))).toEqual(names.map(() => 201));
      const { bytes } = await ask(`http://${registry.host}/v2/demo/tags/list`);
      const { tags } = JSON.parse(bytes.toString()) as { tags: readonly string[] };
      expect(tags.filter((tag) => tag.startsWith('key-'))).toHaveLength(1);
    },
  );

  it('know each other’s logins by form', { timeout: 60_000 }, async () => {
    const folder = await makeTempDir();
    ends.push(() => folder.remove());
    const users = path.join(folder.path, 'htpasswd');
    await writeFile(users, await htpasswdOf({ alice: 'secret' }));
    const { gateway } = await twoWorkers('--signing-key', keyFixture('test-only-2048.rsa'), '--htpasswd', users);
    const page = { accept: 'text/html', connection: 'close' };
    const login = await request(`${gateway.url}/_auth/login`, {
      method: 'POST',
      headers: { ...page, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: 'username=alice&password=secret',
    });
    await login.body.dump();
    const cookie = String(login.headers['set-cookie']).split(';', 1)[0] ?? '';
    expect([login.statusCode, cookie]).toEqual([303, expect.stringContaining('=')]);
    const shown = async (headers: Record<string, string>) => {
      const { statusCode, body } = await request(`${gateway.url}/`, { headers: { ...page, ...headers } });
      return [statusCode, (await body.text()).includes('alice')];
    };
    expect(await shown({})).toEqual([expect.any(Number), false]);
    await untilBothAnswered(gateway, async () => {
      expect(await shown({ cookie })).toEqual([200, true]);
    });
  });
});
