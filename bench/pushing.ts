import { request } from 'undici';
import { readIndexFile } from '../src/apk/index/index-file.ts';
import { startRegistry } from '../test/support/registry.ts';
import { startCountingProxy } from '../test/support/counting-proxy.ts';
import { showMs, spreadOf, timed, type Row } from './support/figures.ts';
import { processorSeconds, startGatewayProcess } from './support/gateway-process.ts';
import { barePush, fill, prepareBare, push, smallPackage } from './support/push.ts';

const pushes = 25;
/** Before pushes are counted. */
const warmUps = 200;

/** What one pusher waits for, and what the registry is asked, as a repository grows. */
export async function benchPushing(sizes: readonly number[], report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const proxy = await startCountingProxy(registry.host);
  const direct = await startGatewayProcess('--backend', registry.host, '--no-https');
  const counted = await startGatewayProcess('--backend', proxy.host, '--no-https');
  try {
    const base = `${direct.url}/apk/bench/pushing/edge/main`;
    const countedBase = `${counted.url}/apk/bench/pushing/edge/main`;
    const medians = new Map<number, number>();
    let filled = 0;
    await prepareBare(registry.host, 'bench/bare');
    await warmUp([direct, counted], registry.host);
    for (const size of sizes) {
      await fill(base, filled, size);
      filled = size;
      await push(countedBase, smallPackage(`warm-${size}`));
      proxy.take();
      const pkg = smallPackage(`counted-${size}`);
      await push(countedBase, pkg);
      const { requests, written, byMethod } = proxy.take();
      await push(base, smallPackage(`warm-direct-${size}`));
      const { ours, bare } = await inTurns(base, registry.host, size);
      const spread = spreadOf(ours);
      medians.set(size, spread.median);
      const listing = spreadOf(await timed(5, () => list(registry.host)));
      report({ what: `push at ${size} packages`, figure: showMs(spread), goal: '', isMet: undefined });
      report({ what: '  the bare requests, in turn with it', figure: showMs(spreadOf(bare)), ...noGoal });
      const ratio = spreadOf(ours.map((ms, i) => ms / (bare[i] ?? Number.NaN)));
      report({
        what: '  push / bare requests',
        figure: `${ratio.median.toFixed(2)} × (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
        goal: size === 100 ? '≤ 1.6 ×' : '',
        isMet: size === 100 ? ratio.median <= 1.6 : undefined,
      });
      report({ what: '  the registry’s own listing', figure: showMs(listing), goal: '', isMet: undefined });
      report({
        what: '  requests to the registry',
        figure: `${requests} (${Object.entries(byMethod)
          .map(([what, n]) => `${n} ${what}`)
          .join(', ')})`,
        goal: size === 100 ? '≤ 14' : '',
        isMet: size === 100 ? requests <= 14 : undefined,
      });
      const extra = (written - pkg.length) / 1024;
      report({
        what: '  bytes written beside the package',
        figure: `${extra.toFixed(1)} KiB`,
        goal: size === 5000 ? '≤ 64 KiB' : '',
        isMet: size === 5000 ? extra <= 64 : undefined,
      });
    }
    compare(medians, 5000, medians.get(50), 'push at 5,000 / push at 50', 2, report);
  } finally {
    await Promise.all([direct.stop(), counted.stop()]);
    await proxy.stop();
    await registry.stop();
  }
}

/** 16 pushers over two gateways: how many of 500 accepted packages are there afterwards. */
export async function benchConcurrentPushing(report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const gateways = await Promise.all([1, 2].map(() => startGatewayProcess('--backend', registry.host, '--no-https')));
  try {
    const bases = gateways.map(({ url }) => `${url}/apk/bench/concurrent/edge/main`);
    const packages = Array.from({ length: 500 }, (_, i) => smallPackage(`concurrent-${i}`));
    await prepareBare(registry.host, 'bench/bare');
    await warmUp(gateways, registry.host);
    const usedBefore = processorSecondsOf(gateways);
    // In turn, so that what else the machine does meets both alike.
    const rates: { ours: number; bare: number }[] = [];
    const waits: number[] = [];
    for (let from = 0; from < packages.length; from += 100) {
      const some = packages.slice(from, from + 100);
      const ours = await inParallel(16, some, async (pkg, i) => {
        waits.push(...(await timed(1, () => push(bases[i % 2]!, pkg))));
      });
      const bare = await inParallel(16, some, (pkg, i) => barePush(registry.host, 'bench/bare', `c${from + i}`, pkg));
      rates.push({ ours: 100 / ours, bare: 100 / bare });
    }
    const used = (processorSecondsOf(gateways) - usedBefore) / packages.length;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const listed = await Promise.all(bases.map(countListed));
    report({
      what: '16 pushers, 2 gateways, 500 packages: accepted, listed by each',
      figure: `500, ${listed.join(' and ')}`,
      goal: '500, 500 and 500',
      isMet: listed.every((count) => count === 500),
    });
    const ratio = spreadOf(rates.map(({ ours, bare }) => ours / bare));
    const [ours, bare] = [spreadOf(rates.map((rate) => rate.ours)), spreadOf(rates.map((rate) => rate.bare))];
    report({
      what: '  pushes/s, and of as many bare pushers, five times 100 in turn',
      figure: `${ours.median.toFixed(0)} of ${bare.median.toFixed(0)}: ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
      goal: '≥ 0.45',
      isMet: ratio.median >= 0.45,
    });
    waits.sort((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => waits[Math.floor(part * waits.length)]);
    report({
      what: '  what a pusher waits for: p99 / p50',
      figure: `${(p99 / p50).toFixed(1)} × (${p99.toFixed(0)} and ${p50.toFixed(0)} ms)`,
      goal: '≤ 5 ×',
      isMet: p99 <= 5 * p50,
    });
    const figure = `${(used * 1000).toFixed(1)} ms`;
    report({ what: '  processor time of both gateways for a push', figure, goal: '', isMet: undefined });
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await registry.stop();
  }
}

/** A process that has just begun runs code that V8 hasn't compiled yet; so does this one, which makes the bare requests. */
async function warmUp(gateways: readonly { readonly url: string }[], registry: string): Promise<void> {
  const packages = Array.from({ length: warmUps }, (_, i) => smallPackage(`warm-${i}`));
  await inParallel(16, packages, async (pkg, i) => {
    await push(`${gateways[i % gateways.length]!.url}/apk/bench/warm/edge/main`, pkg);
    await barePush(registry, 'bench/bare', `warm${i}`, pkg);
  });
}

/** A push and the bare requests in turn, so that what else the machine does meets both alike. */
async function inTurns(base: string, registry: string, size: number): Promise<{ ours: number[]; bare: number[] }> {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let i = 0; i < pushes; i += 1) {
    const name = `timed-${size}-${i}`;
    ours.push(...(await timed(1, () => push(base, smallPackage(name)))));
    bare.push(...(await timed(1, () => barePush(registry, 'bench/bare', name, smallPackage(`bare-${name}`)))));
  }
  return { ours, bare };
}

const noGoal = { goal: '', isMet: undefined } as const;

function processorSecondsOf(gateways: readonly { readonly pid: number }[]): number {
  return gateways.reduce((sum, { pid }) => sum + (processorSeconds(pid) ?? Number.NaN), 0);
}

async function countListed(base: string): Promise<number> {
  const answer = await request(`${base}/x86_64/APKINDEX.tar.gz`);
  return readIndexFile(new Uint8Array(await answer.body.arrayBuffer())).entries.length;
}

async function inParallel<T>(
  width: number,
  items: readonly T[],
  work: (item: T, i: number) => Promise<void>,
): Promise<number> {
  const queue = items.entries();
  const began = performance.now();
  const worker = async () => {
    for (const [i, item] of queue) await work(item, i);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return (performance.now() - began) / 1000;
}

async function list(registry: string): Promise<void> {
  const answer = await request(`http://${registry}/v2/bench/pushing/tags/list?n=1000`);
  await answer.body.dump();
}

function compare(
  medians: ReadonlyMap<number, number>,
  size: number,
  against: number | undefined,
  what: string,
  goal: number,
  report: (row: Row) => void,
): void {
  const median = medians.get(size);
  if (median === undefined || against === undefined) return;
  const ratio = median / against;
  report({ what, figure: `${ratio.toFixed(2)} ×`, goal: `≤ ${goal} ×`, isMet: ratio <= goal });
}
