import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from '../support/an-apk.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../support/programs.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

describe.skipIf(isMissing)(
  `several gateways before one registry${isMissing ? ' (docker-registry is missing)' : ''}`,
  () => {
    let registry: TestRegistry;

    beforeAll(async () => {
      await buildPrograms();
      registry = await startRegistry();
    });
    afterAll(() => registry.stop());

    const start = () =>
      startLkard([
        '--backend',
        registry.host,
        '--no-https',
        '--log-level',
        'error',
        '--signing-key',
        keyFixture('test-only-2048.rsa'),
      ]);

    it('list every package that one of two acknowledged, pushed by 16 at once', { timeout: 120_000 }, async () => {
      const gateways = await Promise.all([start(), start()]);
      const names = Array.from({ length: 96 }, (_, i) => `parallel-${i}`);
      const statuses = await inParallel(16, names, (name, i) => push(gateways[i % 2]!, 'parallel', name));
      expect(statuses).toEqual(names.map(() => 201));
      for (const gateway of gateways) expect(await untilListed(gateway, 'parallel', names)).toEqual([]);
      await Promise.all(gateways.map((gateway) => gateway.stop()));
    });

    it(
      'lose nothing that was acknowledged when one is killed while it is pushed to',
      { timeout: 120_000 },
      async () => {
        const [victim, survivor] = await Promise.all([start(), start()]);
        const names = Array.from({ length: 40 }, (_, i) => `killed-${i}`);
        let answered = 0;
        const acknowledged: string[] = [];
        await inParallel(8, names, async (name, i) => {
          const gateway = i % 2 === 0 ? victim : survivor;
          const status = await push(gateway, 'killed', name).catch(() => 0);
          if (status === 201) acknowledged.push(name);
          answered += 1;
          if (answered === 12) await victim.kill();
        });
        expect(acknowledged.length).toBeGreaterThan(12);
        expect(await untilListed(survivor, 'killed', acknowledged)).toEqual([]);

        const successor = await start();
        expect(await untilListed(successor, 'killed', acknowledged)).toEqual([]);
        // What was in flight is pushed again, as a CI job would.
        const retried = names.filter((name) => !acknowledged.includes(name));
        for (const name of retried)
          expect([200, 201]).toContain(await push(successor, 'killed', name, '?if-exists=skip'));
        for (const gateway of [survivor, successor]) expect(await untilListed(gateway, 'killed', names)).toEqual([]);
        await Promise.all([survivor.stop(), successor.stop()]);
      },
    );
  },
);

async function push({ url }: RunningLkard, image: string, name: string, query = ''): Promise<number> {
  const body = anApk({ name, version: '1.0-r0', arch: 'x86_64', files: { [`usr/share/${name}`]: name } });
  const answer = await request(`${url}/apk/${image}/edge/main/push${query}`, { method: 'PUT', body });
  await answer.body.dump();
  return answer.statusCode;
}

/** The names that an index doesn't list, once it lists all, or after the time that one replica may lag behind another. */
async function untilListed({ url }: RunningLkard, image: string, names: readonly string[]): Promise<readonly string[]> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const answer = await request(`${url}/apk/${image}/edge/main/x86_64/APKINDEX.tar.gz`);
    const listed = new Set(readIndexFile(await answer.body.bytes()).entries.map(({ name }) => name));
    const missing = names.filter((name) => !listed.has(name));
    if (missing.length === 0 || Date.now() > deadline) return missing;
  }
}

async function inParallel<T, R>(
  width: number,
  items: readonly T[],
  work: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await work(item, i);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
