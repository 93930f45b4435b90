import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { anApkFile } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import { showMiB } from './support/figures.ts';
import type { Row } from './support/figures.ts';
import { residentBytes, startGatewayProcess } from './support/gateway-process.ts';
import { push, smallPackage } from './support/push.ts';

/** How much memory one large package costs on its way up and down, and how fast it is against the registry itself. */
export async function benchLargeFiles(mebibytes: number, report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const folder = await makeTempDir();
  const gateway = await startGatewayProcess('--backend', registry.host, '--no-https', '--temp-dir', folder.path);
  try {
    const file = path.join(folder.path, 'large.apk');
    await anApkFile(file, { name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: mebibytes * 2 ** 20 });
    const base = `${gateway.url}/apk/bench/large/edge/main`;
    await push(base, smallPackage('warm'));
    const up = await watched(gateway.pid, async () => {
      const headers = { 'content-length': String(statSync(file).size) };
      const answer = await request(`${base}/push`, { method: 'PUT', body: createReadStream(file), headers });
      await answer.body.dump();
      if (answer.statusCode !== 201) throw new Error(`the large push was answered ${answer.statusCode}`);
    });
    report(memoryRow(`upload of ${mebibytes} MiB: memory grows by`, up.grownBytes));
    report({ what: '  time', figure: `${up.seconds.toFixed(1)} s`, goal: '', isMet: undefined });
    const down = await watched(gateway.pid, () => drain(`${base}/x86_64/large-1.0-r0.apk`));
    report(memoryRow(`download of ${mebibytes} MiB: memory grows by`, down.grownBytes));
    const blob = await blobUrl(registry.host, base, 'large-1.0-r0.apk');
    const pairs = [];
    for (let i = 0; i < 3; i += 1) {
      const direct = await watched(gateway.pid, () => drain(blob));
      const through = await watched(gateway.pid, () => drain(`${base}/x86_64/large-1.0-r0.apk`));
      pairs.push(direct.seconds / through.seconds);
    }
    const ratio = [...pairs].sort((a, b) => a - b)[1] ?? Number.NaN;
    report({
      what: '  bytes/s against the registry itself',
      figure: ratio.toFixed(2),
      goal: '≥ 0.6',
      isMet: ratio >= 0.6,
    });
  } finally {
    await gateway.stop();
    await registry.stop();
    await folder.remove();
  }
}

async function drain(url: string): Promise<void> {
  const answer = await request(url);
  if (answer.statusCode !== 200) throw new Error(`${url} was answered ${answer.statusCode}`);
  await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER });
}

async function blobUrl(registry: string, base: string, fileName: string): Promise<string> {
  const answer = await request(`${base}/x86_64/${fileName}`, { method: 'HEAD' });
  const digest = /"(sha256:[0-9a-f]+|[0-9a-f]{64})"/.exec(String(answer.headers.etag))?.[1] ?? '';
  return `http://${registry}/v2/bench/large/blobs/${digest.startsWith('sha256:') ? digest : `sha256:${digest}`}`;
}

/** Does `work` and looks at the process's memory every 20 ms meanwhile. */
async function watched(pid: number, work: () => Promise<void>) {
  const before = residentBytes(pid);
  let peak = before;
  let isDone = false;
  const watch = (async () => {
    while (!isDone) {
      const now = residentBytes(pid);
      if (now !== undefined && peak !== undefined) peak = Math.max(peak, now);
      await sleep(20);
    }
  })();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  isDone = true;
  await watch;
  return { seconds, grownBytes: peak === undefined || before === undefined ? undefined : peak - before };
}

function memoryRow(what: string, bytes: number | undefined): Row {
  if (bytes === undefined) return { what, figure: 'not measured: no /proc', goal: '< 64 MiB', isMet: undefined };
  return { what, figure: showMiB(bytes), goal: '< 64 MiB', isMet: bytes < 64 * 2 ** 20 };
}
