import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const base = '/team/app/edge/main';
// LKARD_TEST_PUSHES=200 for a longer look.
const pushes = Number(process.env['LKARD_TEST_PUSHES'] ?? 60);

async function startWorld(settings: Readonly<Record<string, string>>) {
  const folder = await makeTempDir();
  const registry = await startRegistry({ folder: folder.path });
  const start = () =>
    startGateway({ store: { registry: registry.host }, settings: { freshness: '20ms', ...settings } });
  const gateways = [await start(), await start()] as const;
  onTestFinished(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await registry.stop();
    await folder.remove();
  });
  const ofImage = path.join(
    folder.path,
    'data',
    'docker',
    'registry',
    'v2',
    'repositories',
    'team',
    'app',
    '_manifests',
  );
  const revisions = path.join(ofImage, 'revisions', 'sha256');
  // The folder of one that is removed stays, empty.
  const isLink = (file: string) => path.basename(file) === 'link';
  const manifests = async () => (await readdir(revisions, { recursive: true })).filter(isLink).length;
  return { gateways, manifests };
}

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

describe.skipIf(isMissing)(`indexes that were replaced${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  it(
    'are removed from a registry that allows it, beside readers of another gateway',
    { timeout: 400_000 },
    async () => {
      const { gateways, manifests } = await startWorld({ 'keep-superseded': '0' });
      const [writing, reading] = gateways;
      let isPushing = true;
      const statuses: number[] = [];
      const readers = (async () => {
        while (isPushing) {
          const answer = await request(`${reading.url}${base}/x86_64/APKINDEX.tar.gz`);
          await answer.body.dump();
          statuses.push(answer.statusCode);
          await sleep(50);
        }
      })();
      for (let i = 0; i < pushes; i += 1) {
        const body = anApk({ name: `pkg-${i}`, version: '1.0-r0', arch: 'x86_64' });
        const answer = await request(`${writing.url}${base}/push`, { method: 'PUT', body });
        await answer.body.dump();
        expect(answer.statusCode).toBe(201);
      }
      isPushing = false;
      await readers;
      // Nothing is there before the first push.
      expect(statuses.slice(statuses.indexOf(200)).filter((status) => status !== 200)).toEqual([]);
      expect(await manifests()).toBeLessThan(pushes + 20);
      for (const { url } of gateways) {
        // A machine that is busy may be given a stale one first, and any may be as old as the freshness.
        await vi.waitFor(async () => {
          const { body, headers } = await request(`${url}${base}/x86_64/APKINDEX.tar.gz`);
          const { entries } = readIndexFile(new Uint8Array(await body.arrayBuffer()));
          expect([headers['x-lkard-stale'], entries.length]).toEqual([undefined, pushes]);
        }, 10_000);
      }
    },
  );
});
