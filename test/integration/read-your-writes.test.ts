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
    const base = () => `${balancer.url}/apk/team/app/edge/main`;

    beforeAll(async () => {
      await buildPrograms();
      registry = await startRegistry();
      const settings = ['--backend', registry.host, '--no-https', '--log-level', 'error'];
      const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
      gateways = await Promise.all([1, 2, 3].map(() => startLkard([...settings, ...key])));
      balancer = await startBalancer(gateways);
    }, 180_000);
    afterAll(async () => {
      await balancer.stop();
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await registry.stop();
    });

    const listed = async () => {
      const answer = await request(`${base()}/x86_64/APKINDEX.tar.gz`);
      if (answer.statusCode !== 200) throw new Error(`the index was answered ${answer.statusCode}`);
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
      return answer.statusCode;
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

    it('serve what lkar push --wait has returned for', { timeout: 300_000 }, async () => {
      const folder = await makeTempDir();
      const misses: string[] = [];
      for (let i = 0; i < 9; i += 1) {
        const name = `w${i}`;
        const file = path.join(folder.path, `${name}-1.0-r0.apk`);
        await writeFile(file, anApk({ name, version: '1.0-r0', arch: 'x86_64' }));
        const args = ['push', '--wait', balancer.url, `${balancer.url}/team/app`, 'edge', 'main', file];
        const pushed = await runBin('lkar', args, { env: { HOME: folder.path } });
        expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.anything()]);
        for (let reading = 0; reading < 3; reading += 1) if (!(await listed()).has(name)) misses.push(name);
      }
      await folder.remove();
      expect(misses).toEqual([]);
    });
  },
);
