import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from '../support/an-apk.ts';
import { startLocalServer, type LocalServer } from '../support/local-server.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../support/programs.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
// READ_YOUR_WRITES=250 looks a thousand times.
const count = Number(process.env['READ_YOUR_WRITES'] ?? 40);

const hopByHop: ReadonlySet<string> = new Set(['connection', 'expect', 'transfer-encoding']);

/** Sends each request to the next of some servers. */
function startBalancer(servers: readonly RunningLkard[]): Promise<LocalServer> {
  let turn = 0;
  return startLocalServer((incoming, outgoing) => {
    const { url = '' } = servers[(turn += 1) % servers.length] ?? {};
    const { method, headers } = incoming;
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const forwarded = Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
    request(`${url}${incoming.url ?? ''}`, {
      method: method as 'GET',
      headers: forwarded as Record<string, string>,
      body: hasBody ? incoming : null,
    })
      .then(async (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers as Record<string, string>);
        await pipeline(answer.body, outgoing);
      })
      .catch(() => outgoing.destroy());
  });
}

describe.skipIf(isMissing)(
  `three gateways behind one address${isMissing ? ' (docker-registry is missing)' : ''}`,
  () => {
    let registry: TestRegistry;
    let gateways: RunningLkard[];
    let balancer: LocalServer;
    const base = (address = balancer) => `${address.url}/apk/team/app/edge/main`;
    const startGateways = (more: readonly string[] = []) => {
      const settings = ['--backend', registry.host, '--no-https', '--log-level', 'error', ...more];
      const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
      return Promise.all([1, 2, 3].map(() => startLkard([...settings, ...key])));
    };

    beforeAll(async () => {
      await buildPrograms();
      registry = await startRegistry();
      gateways = await startGateways();
      balancer = await startBalancer(gateways);
    }, 180_000);
    afterAll(async () => {
      await balancer.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await registry.stop();
    });

    const listed = async (address = balancer): Promise<ReadonlySet<string>> => {
      const answer = await request(`${base(address)}/x86_64/APKINDEX.tar.gz`);
      if (answer.statusCode !== 200) throw new Error(`the index was answered ${answer.statusCode}`);
      // Marked, as a machine may be that slow: the promise is about all others.
      if (answer.headers['x-lkard-stale'] !== undefined) {
        await answer.body.dump();
        return await listed(address);
      }
      return new Set(readIndexFile(await answer.body.bytes()).entries.map(({ name }) => name));
    };
    const push = async (name: string) => {
      const body = anApk({ name, version: '1.0-r0', arch: 'x86_64', files: { [`usr/share/${name}`]: name } });
      const answer = await request(`${base()}/push`, { method: 'PUT', body });
      await answer.body.dump();
      return answer.statusCode;
    };
    const fetched = async (name: string, method: 'GET' | 'DELETE' = 'GET') => {
      const answer = await request(`${base()}/x86_64/${name}-1.0-r0.apk`, { method });
      await answer.body.dump();
      // For who has an older index: it is listed no more.
      return answer.headers['x-lkard-kept'] === undefined ? answer.statusCode : 404;
    };

    it(
      'list what was acknowledged and list no more what was deleted, whichever is asked first',
      { timeout: 1_800_000 },
      async () => {
        const misses: string[] = [];
        for (let i = 0; i < count; i += 1) {
          const name = `p${i}`;
          expect(await push(name)).toBe(201);
          // The next in turn, and the one after.
          if (!(await listed()).has(name)) misses.push(`${name} pushed and not listed`);
          if ((await fetched(name)) !== 200) misses.push(`${name} pushed and not there`);
          expect(await fetched(name, 'DELETE')).toBe(204);
          if ((await listed()).has(name)) misses.push(`${name} deleted and listed`);
          if ((await fetched(name)) !== 404) misses.push(`${name} deleted and there`);
          if (i % 5 === 0) expect(await push(`kept${i}`)).toBe(201);
        }
        expect(misses).toEqual([]);
      },
    );

    it.each([
      ['', '0s', 9],
      [', also where the gateways ask the registry more rarely', '2s', 3],
    ])('serve what lkar push --wait has returned for%s', { timeout: 300_000 }, async (_how, freshness, pushes) => {
      const others = await startGateways(['--freshness', freshness]);
      const address = await startBalancer(others);
      const folder = await makeTempDir();
      const misses: string[] = [];
      expect(await push(`first-${freshness}`)).toBe(201);
      for (let i = 0; i < pushes; i += 1) {
        const name = `w${i}-${freshness}`;
        const file = path.join(folder.path, `${name}-1.0-r0.apk`);
        await writeFile(file, anApk({ name, version: '1.0-r0', arch: 'x86_64' }));
        // Each has just been asked, and would go on showing what there was.
        for (let reading = 0; reading < 3; reading += 1) await listed(address);
        const args = ['push', '--wait', address.url, `${address.url}/team/app`, 'edge', 'main', file];
        const pushed = await runBin('lkar', args, { env: { HOME: folder.path } });
        expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.anything()]);
        for (let reading = 0; reading < 3; reading += 1) if (!(await listed(address)).has(name)) misses.push(name);
      }
      await address.stop();
      await Promise.all(others.map((gateway) => gateway.stop()));
      await folder.remove();
      expect(misses).toEqual([]);
    });
  },
);
