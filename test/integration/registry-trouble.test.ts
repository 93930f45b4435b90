import { readFileSync } from 'node:fs';
import { request as forward } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from '../support/an-apk.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { startLocalServer, type LocalServer } from '../support/local-server.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../support/registry.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
/** 2 s, and what a busy machine takes; a registry that hangs is given up after a minute. */
const soonMs = 10_000;

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Breaks off after that many bytes. */
  readonly cutAfter?: number;
}

/** Stands before a registry and answers in its place as long as `trouble` is set. */
async function startFront(host: () => string) {
  const state: { trouble: Answer | undefined } = { trouble: undefined };
  const server = await startLocalServer((incoming, outgoing) => {
    const { trouble } = state;
    if (trouble !== undefined) {
      const { status, headers, body = '', cutAfter } = trouble;
      outgoing.writeHead(status, { 'content-length': body.length, ...headers });
      if (cutAfter === undefined) outgoing.end(incoming.method === 'HEAD' ? '' : body);
      else outgoing.write(body.slice(0, cutAfter), () => outgoing.destroy());
      return;
    }
    const [hostname, port] = host().split(':');
    const { method, url, headers } = incoming;
    const onward = forward({ hostname, port, method, path: url, headers: { ...headers, host: host() } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return { state, server };
}

/** As the kernel tells it: T for a stopped process. */
function stateOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
}

describe.skipIf(isMissing)(`a registry in trouble${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  let registry: TestRegistry;
  let front: { state: { trouble: Answer | undefined }; server: LocalServer };
  let gateway: TestGateway;
  let pushed = 0;

  beforeAll(async () => {
    registry = await startRegistry();
    front = await startFront(() => registry.host);
    gateway = await startGateway({ store: { registry: front.server.host } });
    expect(await push()).toBe(201);
  });
  afterAll(async () => {
    process.kill(registry.pid, 'SIGCONT');
    front.state.trouble = undefined;
    await gateway.stop();
    await front.server.stop();
    await registry.stop();
  });

  const base = () => `${gateway.url}/apk/team/app/edge/main`;
  const push = async () => {
    pushed += 1;
    const body = anApk({ name: `p${pushed}`, version: '1.0-r0', arch: 'x86_64', dataBytes: 500 });
    const answer = await request(`${base()}/push`, { method: 'PUT', body });
    await answer.body.dump();
    return answer.statusCode;
  };
  const readIndex = async () => {
    const began = performance.now();
    const answer = await request(`${base()}/x86_64/APKINDEX.tar.gz`);
    const bytes = await answer.body.bytes();
    const tookMs = performance.now() - began;
    const count = answer.statusCode === 200 ? readIndexFile(bytes).entries.length : undefined;
    return { status: answer.statusCode, isStale: answer.headers['x-lkard-stale'] === 'true', count, tookMs };
  };
  const fetchPackage = async () => {
    const began = performance.now();
    const answer = await request(`${base()}/x86_64/p1-1.0-r0.apk`);
    const { byteLength } = await answer.body.bytes();
    return { status: answer.statusCode, byteLength, tookMs: performance.now() - began };
  };
  const untilFresh = () => expect.poll(async () => (await readIndex()).isStale, { timeout: 15_000 }).toBe(false);

  /** Many readers at once and one after the other, of the index and of a small package. */
  async function expectPatience(): Promise<void> {
    const readings = await Promise.all(Array.from({ length: 18 }, () => readIndex()));
    readings.push(await readIndex());
    for (const reading of readings) {
      expect(reading).toMatchObject({ status: 200, isStale: true, count: pushed });
      expect(reading.tookMs).toBeLessThan(soonMs);
    }
    const fetches = await Promise.all(Array.from({ length: 8 }, () => fetchPackage()));
    for (const fetched of fetches) {
      expect(fetched.status).toBe(200);
      expect(fetched.tookMs).toBeLessThan(soonMs);
    }
  }

  const troubles: Readonly<Record<string, Answer>> = {
    '429 with Retry-After: 1': { status: 429, headers: { 'retry-after': '1' } },
    '429 with Retry-After: 10': { status: 429, headers: { 'retry-after': '10' } },
    '429 with Retry-After: 25': { status: 429, headers: { 'retry-after': '25' } },
    '429 with Retry-After: 3600': { status: 429, headers: { 'retry-after': '3600' } },
    '503': { status: 503 },
    '502 and a page': { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>bad gateway</html>' },
    'a bare 404': { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' },
    'a page for every path': { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>welcome</html>' },
    'half of what it promises': { status: 200, body: '{"schemaVersion":2,', cutAfter: 9 },
  };

  it.each(Object.keys(troubles))(
    'answers %s: readers have what is in memory within 2 s',
    async (what) => {
      await readIndex();
      await fetchPackage();
      front.state.trouble = troubles[what];
      await expectPatience();
      front.state.trouble = undefined;
      await untilFresh();
      expect(await readIndex()).toMatchObject({ count: pushed });
    },
    60_000,
  );

  it('hangs: readers have what is in memory within 2 s, and what is new once it goes on', async () => {
    await readIndex();
    await fetchPackage();
    process.kill(registry.pid, 'SIGSTOP');
    try {
      // An answer may still be under way.
      await expect.poll(() => stateOf(registry.pid)).toBe('T');
      await expectPatience();
    } finally {
      process.kill(registry.pid, 'SIGCONT');
    }
    await untilFresh();
    expect(await push()).toBe(201);
    expect(await readIndex()).toMatchObject({ isStale: false, count: pushed });
  }, 60_000);

  it('fails one reading: what the gateway acknowledges next is listed at once', async () => {
    await readIndex();
    front.state.trouble = { status: 503 };
    expect(await readIndex()).toMatchObject({ isStale: true });
    front.state.trouble = undefined;
    expect(await push()).toBe(201);
    expect(await readIndex()).toMatchObject({ isStale: false, count: pushed });
  }, 60_000);
});
