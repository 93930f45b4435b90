import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const base = '/demo/edge/main';
const index = `${base}/x86_64/APKINDEX.tar.gz`;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function answerTo(url: string, options: Parameters<typeof request>[1] = {}) {
  const { statusCode, headers, body } = await request(url, options);
  return { status: statusCode, headers, text: await body.text() };
}

/** Begins a push and sends nothing of its body. */
function stalledPush(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', reject);
    // 100 Continue says that the push has its slot.
    socket.write(`PUT ${base}/push HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`);
    socket.once('data', () => {
      resolve(socket);
    });
  });
}

describe('too many pushes', () => {
  it('are refused with Retry-After while reads go on, and taken again when there is room', async () => {
    const gateway = await startGateway({ settings: { 'max-uploads': '2', 'upload-queue': '0' } });
    ends.push(() => gateway.stop());
    const push = (name: string) =>
      answerTo(`${gateway.url}${base}/push`, { method: 'PUT', body: anApk({ name, version: '1.0-r0' }) });
    expect((await push('first')).status).toBe(201);
    const stalled = await Promise.all([stalledPush(gateway.url), stalledPush(gateway.url)]);
    const refused = await push('second');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    expect((await answerTo(`${gateway.url}${index}`)).status).toBe(200);
    for (const socket of stalled) socket.destroy();
    await expect.poll(async () => (await push('second')).status, { timeout: 20_000 }).toBe(201);
  });
});

describe('pushes that wait for room', () => {
  const overfull = async (settings: Readonly<Record<string, string>>) => {
    const gateway = await startGateway({ settings: { 'max-uploads': '1', 'upload-queue': '1', ...settings } });
    ends.push(() => gateway.stop());
    const push = (name: string) =>
      answerTo(`${gateway.url}${base}/push`, { method: 'PUT', body: anApk({ name, version: '1.0-r0' }) });
    expect((await push('first')).status).toBe(201);
    const stalled = await stalledPush(gateway.url);
    const metric = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await answerTo(`${gateway.url}/metrics`)).text)?.[1]);
    return { gateway, push, stalled, waiting: () => metric('lkard_waiting_uploads') };
  };

  it('get it in turn; one more is refused at once, and reads go on', async () => {
    const { gateway, push, stalled, waiting } = await overfull({});
    const second = push('second');
    await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
    const third = await push('third');
    expect([third.status, third.headers['retry-after']]).toEqual([503, '5']);
    expect((await answerTo(`${gateway.url}${index}`)).status).toBe(200);
    stalled.destroy();
    expect((await second).status).toBe(201);
    expect(await waiting()).toBe(0);
  });

  it('are refused with Retry-After when none comes free in time', async () => {
    const { push, stalled } = await overfull({ 'upload-wait': '200ms' });
    const second = await push('second');
    expect([second.status, second.headers['retry-after']]).toEqual([503, '5']);
    expect(second.text).toMatch(/no upload ended within 0.2 s/);
    stalled.destroy();
  });
});

describe.runIf(registryProgram() !== undefined)('a registry that is down', () => {
  it('leaves cached indexes readable, is told by readiness, and is found again by itself', async () => {
    const folder = await makeTempDir();
    ends.push(() => folder.remove());
    let registry = await startRegistry({ folder: folder.path });
    ends.push(() => registry.stop());
    const { host } = registry;
    const settings = { freshness: '50ms', 'temp-dir': path.dirname(folder.path) };
    const gateway = await startGateway({ store: { registry: host }, settings });
    ends.push(() => gateway.stop());
    const body = anApk({ name: 'demo', version: '1.0-r0' });
    expect((await answerTo(`${gateway.url}${base}/push`, { method: 'PUT', body })).status).toBe(201);
    const before = await answerTo(`${gateway.url}${index}`);
    expect([before.status, before.headers['x-lkard-stale']]).toEqual([200, undefined]);
    expect((await answerTo(`${gateway.url}/readyz`)).status).toBe(200);

    await registry.stop();
    const read = () => answerTo(`${gateway.url}${index}`, { headersTimeout: 60_000 });
    // Within the freshness it is still fresh.
    await expect.poll(async () => (await read()).headers['x-lkard-stale'], { timeout: 25_000 }).toBe('true');
    const during = await read();
    expect([during.status, during.text]).toEqual([200, before.text]);
    const unready = await answerTo(`${gateway.url}/readyz`);
    expect([unready.status, unready.text]).toEqual([503, expect.stringContaining(host)]);
    expect((await answerTo(`${gateway.url}/healthz`)).status).toBe(200);

    registry = await startRegistry({ folder: folder.path, host });
    await expect.poll(async () => (await answerTo(`${gateway.url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
    const isStale = async () => (await answerTo(`${gateway.url}${index}`)).headers['x-lkard-stale'];
    await expect.poll(isStale, { timeout: 20_000 }).toBeUndefined();
  }, 90_000);
});
