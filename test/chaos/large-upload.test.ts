import { request } from 'node:http';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../support/programs.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const mebibyte = 2 ** 20;
const large = anApk({ name: 'large', version: '1-r0', dataBytes: 24 * mebibyte });
const place = '/apk/team/app/edge/main';

beforeAll(() => buildPrograms(), 120_000);

/** Starts lkard before a store of its own, again and again; `folder` holds what it and its store keep. */
async function aStore(kind: string) {
  const folder = await makeTempDir();
  const registry = kind === 'docker-registry' ? await startRegistry({ folder: folder.path }) : undefined;
  const store = registry === undefined ? [] : ['--backend', registry.host, '--no-https'];
  const lives: RunningLkard[] = [];
  onTestFinished(async () => {
    await Promise.all(lives.map((lkard) => lkard.kill()));
    await registry?.stop();
    await folder.remove();
  });
  const start = async () => {
    const flags = ['--data', path.join(folder.path, 'own'), '--signing-key', keyFixture('test-only-2048.rsa')];
    const lkard = await startLkard([...flags, ...store, '--log-level', 'error']);
    lives.push(lkard);
    return lkard;
  };
  return { start, folder: folder.path };
}

/** Sends so much of the large package and no more; resolves once that left. */
async function sendPart(url: string, bytes: number): Promise<void> {
  const headers = { 'content-length': large.length };
  const sent = request(`${url}${place}/push`, { method: 'PUT', headers });
  sent.on('error', () => undefined);
  await new Promise((resolve) => sent.write(large.subarray(0, bytes), resolve));
}

async function push(url: string, body: Buffer): Promise<number> {
  return (await fetch(`${url}${place}/push?if-exists=skip`, { method: 'PUT', body: new Uint8Array(body) })).status;
}

async function listed(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}${place}/packages.json`);
  return ((await answer.json()) as { packages: { name: string }[] }).packages.map(({ name }) => name);
}

async function bytesIn(folder: string): Promise<number> {
  const files = await Promise.all(
    (await readdir(folder, { recursive: true })).map((name) => stat(path.join(folder, name)).catch(() => undefined)),
  );
  return files.reduce((sum, file) => sum + (file?.isFile() === true ? file.size : 0), 0);
}

describe.each(['the embedded store', 'docker-registry'])('a gateway before %s', (kind) => {
  it.skipIf(kind === 'docker-registry' && registryProgram() === undefined).each([
    ['in the middle of', 16 * mebibyte],
    ['at the end of', large.length],
  ])(
    'that dies %s a large upload has it whole or not at all, and takes it again',
    async (_when, bytes) => {
      const { start, folder } = await aStore(kind);
      const first = await start();
      expect(await push(first.url, anApk({ name: 'small', version: '1-r0' }))).toBe(201);
      const before = await bytesIn(folder);
      await sendPart(first.url, bytes);
      // At a registry the first parts are there by now.
      if (kind === 'docker-registry') await expect.poll(() => bytesIn(folder)).toBeGreaterThan(before + mebibyte);
      await first.kill();

      const second = await start();
      expect([['small'], ['large', 'small']]).toContainEqual(await listed(second.url));
      // What a dead process held of it is nowhere; a registry clears away by itself what was never finished.
      if (kind === 'the embedded store' && bytes < large.length) expect(await bytesIn(folder)).toBe(before);
      expect([200, 201]).toContain(await push(second.url, large));
      expect(await listed(second.url)).toEqual(['large', 'small']);
      const answer = await fetch(`${second.url}${place}/x86_64/large-1-r0.apk`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(large)).toBe(true);
    },
    60_000,
  );
});
