import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startRegistryFront, type FrontTrouble, type RegistryFront } from '../../support/registry-front.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../../support/registry.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
const timeoutMs = 2_000;
/** What `--publish-timeout` promises. */
const answeredMs = timeoutMs + 5_000;

/** A moment of a push or a delete, by the first request that belongs to it. */
const moments = {
  'is asked for the right to push': /^POST .*\/blobs\/uploads\/$/,
  'is asked what is there': /^GET .*\/tags\/list/,
  'takes the layer': /^(?:PUT|PATCH) .*\/blobs\/uploads\//,
  'takes the package': /^PUT .*\/manifests\/[a-z0-9]+-p-/,
  'takes the index': /^PUT .*\/manifests\/index-/,
  'is asked to remove a tag': /^DELETE .*\/manifests\//,
  'takes a tombstone': /^PUT .*\/manifests\/[a-z0-9]+-d-/,
} as const;
const ofPush = [
  'is asked for the right to push',
  'is asked what is there',
  'takes the layer',
  'takes the package',
  'takes the index',
] as const;
const ofDelete = [
  'is asked what is there',
  'is asked to remove a tag',
  'takes a tombstone',
  'takes the index',
] as const;

const troubles: Readonly<Record<string, FrontTrouble>> = {
  hangs: { hangs: true },
  'answers 429 with Retry-After: 1': { status: 429, headers: { 'retry-after': '1' } },
  'answers 429 with Retry-After: 10': { status: 429, headers: { 'retry-after': '10' } },
  'answers 429 with Retry-After: 3600': { status: 429, headers: { 'retry-after': '3600' } },
  'answers 503': { status: 503 },
};

describe.skipIf(isMissing)(`who pushes or deletes${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  let registry: TestRegistry;
  let front: RegistryFront;
  let gateway: TestGateway;
  let count = 0;

  beforeAll(async () => {
    registry = await startRegistry();
    front = await startRegistryFront(registry.host);
    gateway = await startGateway({
      store: { registry: front.host },
      settings: { 'publish-timeout': `${timeoutMs / 1000}s` },
    });
  });
  afterAll(async () => {
    process.kill(registry.pid, 'SIGCONT');
    await front.stop();
    await gateway.stop();
    await registry.stop();
  });

  const aRepository = () => {
    count += 1;
    const image = `team/app${count}`;
    return { image, base: `${gateway.url}/apk/${image}/edge/main` };
  };
  const push = async (base: string, body: Uint8Array | AsyncIterable<Uint8Array>) => {
    const began = performance.now();
    const answer = await request(`${base}/push?if-exists=skip`, { method: 'PUT', body: body as Uint8Array });
    await answer.body.dump();
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], tookMs: performance.now() - began };
  };
  const remove = async (base: string) => {
    const began = performance.now();
    const answer = await request(`${base}/x86_64/one-1.0-r0.apk`, { method: 'DELETE' });
    await answer.body.dump();
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'], tookMs: performance.now() - began };
  };
  const listed = async (base: string) => {
    const { statusCode, body } = await request(`${base}/x86_64/APKINDEX.tar.gz`);
    const bytes = await body.bytes();
    return statusCode === 200 && readIndexFile(bytes).entries.some(({ name }) => name === 'one');
  };
  /** From the first request of that moment on, everything meets the trouble. */
  const troubleFrom = (image: string, moment: keyof typeof moments, trouble: FrontTrouble) => {
    let hasBegun = false;
    front.meddle(image, (asked) => {
      hasBegun ||= moments[moment].test(asked);
      return hasBegun ? trouble : undefined;
    });
  };
  const one = anApk({ name: 'one', version: '1.0-r0', arch: 'x86_64', dataBytes: 500 });

  const pushCases = Object.keys(troubles).flatMap((what) => ofPush.map((moment) => [what, moment] as const));
  it.concurrent.each(pushCases)(
    'are answered in time where the registry %s as it %s, and a second push ends well',
    { timeout: 60_000 },
    async (what, moment) => {
      const { image, base } = aRepository();
      troubleFrom(image, moment, troubles[what]!);
      const answer = await push(base, one);
      expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) as string });
      expect(answer.tookMs).toBeLessThan(answeredMs);
      front.calm(image);
      expect([200, 201]).toContain((await push(base, one)).status);
      expect(await listed(base)).toBe(true);
    },
  );

  const deleteCases = Object.keys(troubles).flatMap((what) => ofDelete.map((moment) => [what, moment] as const));
  it.concurrent.each(deleteCases)(
    'are answered in time where the registry %s as it %s in a delete, and a second delete ends well',
    { timeout: 60_000 },
    async (what, moment) => {
      const { image, base } = aRepository();
      expect((await push(base, one)).status).toBe(201);
      troubleFrom(image, moment, troubles[what]!);
      const answer = await remove(base);
      expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) as string });
      expect(answer.tookMs).toBeLessThan(answeredMs);
      front.calm(image);
      expect([204, 404]).toContain((await remove(base)).status);
      expect(await listed(base)).toBe(false);
    },
  );

  it(
    'are answered in time where the registry is stopped, and end well once it goes on',
    { timeout: 60_000 },
    async () => {
      const { base } = aRepository();
      expect((await push(base, one)).status).toBe(201);
      const two = anApk({ name: 'two', version: '1.0-r0', arch: 'x86_64', dataBytes: 500 });
      process.kill(registry.pid, 'SIGSTOP');
      for (const answer of await Promise.all([push(base, two), remove(base)])) {
        expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) as string });
        expect(answer.tookMs).toBeLessThan(answeredMs);
      }
      process.kill(registry.pid, 'SIGCONT');
      expect([200, 201]).toContain((await push(base, two)).status);
      expect([204, 404]).toContain((await remove(base)).status);
      expect(await listed(base)).toBe(false);
    },
  );

  it(
    'aren’t cut off while their body flows, slowly to the gateway or slowly to the registry',
    { timeout: 60_000 },
    async () => {
      const large = anApk({ name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: 12 * 1024 * 1024 });
      async function* dripping() {
        const step = Math.ceil(large.length / 6);
        for (let at = 0; at < large.length; at += step) {
          yield large.subarray(at, at + step);
          await sleep(700);
        }
      }
      const slow = await push(aRepository().base, dripping());
      expect(slow).toMatchObject({ status: 201 });
      expect(slow.tookMs).toBeGreaterThan(timeoutMs);
      const { image, base } = aRepository();
      front.meddle(image, (asked) =>
        moments['takes the layer'].test(asked) ? { bytesPerSecond: 4 * 1024 * 1024 } : undefined,
      );
      const throttled = await push(base, large);
      expect(throttled).toMatchObject({ status: 201 });
      expect(throttled.tookMs).toBeGreaterThan(timeoutMs);
      front.calm(image);
    },
  );
});
