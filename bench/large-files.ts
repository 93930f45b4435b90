import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { anApkFile } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import { showMiB, spreadOf, timed, type Row } from './support/figures.ts';
import { startBareRelay, startNginxOver } from './support/peers.ts';
import { processorSeconds, residentBytes, startGatewayProcess } from './support/gateway-process.ts';
import { push, smallPackage } from './support/push.ts';

/** How much memory one large package costs on its way up and down, and how fast it is against the registry itself. */
export async function benchLargeFiles(mebibytes: number, report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const folder = await makeTempDir();
  const relay = await startBareRelay(registry.host);
  const gateway = await startGatewayProcess('--backend', registry.host, '--no-https', '--temp-dir', folder.path);
  try {
    const file = path.join(folder.path, 'large.apk');
    await anApkFile(file, { name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: mebibytes * 2 ** 20 });
    const base = `${gateway.url}/apk/bench/large/edge/main`;
    await push(base, smallPackage('warm'));
    const up = await watched(gateway.pid, () => send(`${base}/push`, file));
    report(memoryRow(`upload of ${mebibytes} MiB: memory grows by`, up.grownBytes));
    report({ what: '  time', figure: `${up.seconds.toFixed(1)} s`, goal: '', isMet: undefined });
    for (const row of await comparedUploads({ registry, relay, gateway }, file)) report(row);
    const down = await watched(gateway.pid, () => drain(`${base}/x86_64/large-1.0-r0.apk`));
    report(memoryRow(`download of ${mebibytes} MiB: memory grows by`, down.grownBytes));
    const blob = await blobUrl(registry.host, file);
    const direct = await comparedDrains(blob, `${base}/x86_64/large-1.0-r0.apk`);
    report({ what: '  bytes/s against the registry itself', figure: direct.figure, goal: '', isMet: undefined });
    const relayed = relay.url + new URL(blob).pathname.slice(1);
    const { figure, median } = await comparedDrains(relayed, `${base}/x86_64/large-1.0-r0.apk`);
    report({ what: '  bytes/s against a bare pipe with SHA-256', figure, goal: '≥ 0.95', isMet: median >= 0.95 });
  } finally {
    await gateway.stop();
    await relay.stop();
    await registry.stop();
    await folder.remove();
  }
}

/** The same where the registry sends whoever fetches a blob elsewhere, and the gateway hands that on. */
export async function benchRedirects(mebibytes: number, report: (row: Row) => void): Promise<void> {
  const what = 'download of a redirected package: bytes/s against the registry itself';
  const folder = await makeTempDir();
  await mkdir(path.join(folder.path, 'data'));
  // The worker of an nginx that root starts is nobody.
  await chmod(folder.path, 0o755);
  const nginx = await startNginxOver(path.join(folder.path, 'data'));
  if (nginx === undefined) {
    report({ what, figure: 'not measured: no nginx to send clients to', goal: '1', isMet: undefined });
    await folder.remove();
    return;
  }
  const registry = await startRegistry({ folder: folder.path, blobServer: nginx.url });
  const gateway = await startGatewayProcess('--backend', registry.host, '--no-https', '--redirect-blobs');
  try {
    const file = path.join(folder.path, 'large.apk');
    await anApkFile(file, { name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: mebibytes * 2 ** 20 });
    const base = `${gateway.url}/apk/bench/large/edge/main`;
    await send(`${base}/push`, file);
    const blob = await blobUrl(registry.host, file);
    const { figure, median } = await comparedDrains(blob, `${base}/x86_64/large-1.0-r0.apk`);
    report({ what, figure, goal: '1 (≥ 0.9 here)', isMet: median >= 0.9 });
  } finally {
    await gateway.stop();
    await registry.stop();
    await nginx.stop();
    await folder.remove();
  }
}

/** How much longer a download takes at one URL than at another, in turn and several times. */
async function comparedDrains(direct: string, through: string): Promise<{ figure: string; median: number }> {
  const ratios: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const [one = 0] = await timed(1, () => drain(direct));
    const [other = 0] = await timed(1, () => drain(through));
    ratios.push(one / other);
  }
  const { min, median, max } = spreadOf(ratios);
  return { median, figure: `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})` };
}

interface Way {
  readonly registry: { readonly pid: number };
  readonly relay: { readonly url: string; readonly pid: number };
  readonly gateway: { readonly url: string; readonly pid: number };
}

/** A file's way up through the gateway, into a repository of its own each time, against a bare pipe into the same registry. */
async function comparedUploads({ registry, relay, gateway }: Way, file: string): Promise<readonly Row[]> {
  const rounds: { ratio: number; bare: readonly number[]; through: readonly number[] }[] = [];
  for (let i = 0; i < 3; i += 1) {
    const bare = await sentBy([relay.pid, registry.pid], `${relay.url}v2/bench/bare-${i}/blobs/uploads/`, file);
    const url = `${gateway.url}/apk/bench/large-${i}/edge/main/push`;
    const through = await sentBy([gateway.pid, registry.pid], url, file);
    rounds.push({ ratio: bare.ms / through.ms, bare: bare.processor, through: through.processor });
  }
  const { min, median, max } = spreadOf(rounds.map(({ ratio }) => ratio));
  const figure = `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  const used = (of: 'bare' | 'through', at: number) =>
    spreadOf(rounds.map((round) => round[of][at] ?? Number.NaN)).median.toFixed(2);
  const each = `gateway ${used('through', 0)} + registry ${used('through', 1)} s`;
  const processor = `${each}; pipe ${used('bare', 0)} + registry ${used('bare', 1)} s`;
  return [
    { what: '  bytes/s against a bare pipe into the registry', figure, goal: '≥ 0.8', isMet: median >= 0.8 },
    { what: '  processor time', figure: processor, goal: '', isMet: undefined },
  ];
}

/** How long it took, and the seconds of processor time of each of these processes. */
async function sentBy(pids: readonly number[], url: string, file: string) {
  const used = () => pids.map((pid) => processorSeconds(pid) ?? Number.NaN);
  const before = used();
  const [ms = 0] = await timed(1, () => send(url, file));
  const processor = used().map((after, i) => after - (before[i] ?? 0));
  return { ms, processor };
}

async function send(url: string, file: string): Promise<void> {
  const headers = { 'content-length': String(statSync(file).size) };
  const answer = await request(url, { method: 'PUT', body: createReadStream(file), headers });
  await answer.body.dump();
  if (answer.statusCode !== 201) throw new Error(`the large push was answered ${answer.statusCode}`);
}

async function drain(url: string): Promise<void> {
  const answer = await request(url);
  const { location } = answer.headers;
  if ([302, 307].includes(answer.statusCode) && typeof location === 'string') {
    await answer.body.dump();
    await drain(location);
    return;
  }
  if (answer.statusCode !== 200) throw new Error(`${url} was answered ${answer.statusCode}`);
  await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER });
}

/** Where the registry has the very bytes of a file. */
async function blobUrl(registry: string, file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `http://${registry}/v2/bench/large/blobs/sha256:${hash.digest('hex')}`;
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
