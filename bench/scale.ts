import { request } from 'undici';
import { startRegistry } from '../test/support/registry.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import type { RunningLkard } from '../test/support/programs.ts';
import { startCountingProxy } from './support/counting-proxy.ts';
import type { Traffic } from './support/counting-proxy.ts';
import { showMs, showSeconds, spreadOf, timed } from './support/figures.ts';
import type { Row, Spread } from './support/figures.ts';
import { peakResidentBytes, processorSeconds, residentBytes, startGatewayProcess } from './support/gateway-process.ts';
import { push, smallPackage } from './support/push.ts';
import { embeddedFolder, registryFolder, seedPackages } from './support/seed.ts';

export interface ScaleOptions {
  /** Packages of each of two architectures: what goals are set for. */
  readonly packages: number;
  /** Packages of one architecture, to see what grows. */
  readonly most: number;
}

type Report = (row: Row) => void;

/** A seeded place, and how a gateway that serves it is started. */
interface World {
  readonly size: number;
  /** With the requests to the registry counted; the same as `start` where there is none. */
  readonly startCounted: () => Promise<RunningLkard>;
  readonly start: () => Promise<RunningLkard>;
  readonly take: () => Traffic | undefined;
  /** The registry's own listing of the image, in milliseconds. */
  readonly list: () => Promise<Spread | undefined>;
}

const pushes = 9;
const at = { branch: 'edge', repository: 'main' } as const;
const image = 'bench/scale';
const place = `apk/${image}/edge/main`;

/** What a gateway asks, takes and holds as a repository grows: at 100, at as many as Alpine has, and far beyond. */
export async function benchScale({ packages, most }: ScaleOptions, report: Report): Promise<void> {
  const small = await inRegistry(['x86_64'], 100, (world) => measure(world, report));
  const large = await inRegistry(['x86_64', 'aarch64'], packages, async (world) => {
    const figures = await measure(world, report, { seconds: 2, requests: 300, rebuildMiB: 400 });
    await reportTwoIndexes(world, report);
    return figures;
  });
  compare(`a push at ${large.size} / at 100`, large, small, report);
  if (most > 0) {
    const largest = await inRegistry(['x86_64'], most, (world) => measure(world, report));
    compare(`a push at ${largest.size} / at 100`, largest, small, report);
  }
  const onEmbedded = (row: Row) => {
    report(row.what.startsWith(' ') ? row : { ...row, what: `embedded store: ${row.what}` });
  };
  await inFolder(['x86_64'], packages, (world) => measure(world, onEmbedded));
}

interface Goals {
  readonly seconds: number;
  readonly requests: number;
  readonly rebuildMiB: number;
}

interface Figures {
  readonly size: number;
  readonly pushMs: number;
  /** What the registry's own listings took of that. */
  readonly listingMs: number;
}

/** An index lost and made anew, a fresh process, and pushes, in that order. */
async function measure(world: World, report: Report, goals?: Goals): Promise<Figures> {
  await reportRebuild(world, report, goals);
  await reportFirstRead(world, report, goals);
  return await reportPushes(world, report);
}

/** Nothing has put an index yet, so the first reader finds it lost; and the first pusher mends it in the registry. */
async function reportRebuild(world: World, report: Report, goals: Goals | undefined): Promise<void> {
  const gateway = await world.startCounted();
  try {
    const [readMs] = await timed(1, () => readIndex(gateway));
    const { requests, mostAtOnce } = world.take() ?? {};
    const peak = peakResidentBytes(gateway.pid);
    const asked = requests === undefined ? '' : `, ${requests} requests, at most ${mostAtOnce} at once`;
    report(plain(`index lost, made anew from ${world.size} packages`, `${showSeconds(readMs)}${asked}`));
    report(resident('  most memory meanwhile', peak, goals?.rebuildMiB));
    const told = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('reading packages')).length;
    if (goals !== undefined)
      report({ ...plain('  lines of progress in the log', `${told}`), goal: '≥ 1', isMet: told > 0 });
    // It may take longer than a push waits: the packages read by then aren't read again.
    for (let attempt = 1; !(await isAccepted(gateway)); attempt += 1)
      if (attempt === 10) throw new Error('no index came');
  } finally {
    await gateway.stop();
  }
}

async function reportFirstRead(world: World, report: Report, goals: Goals | undefined): Promise<void> {
  const counted = await world.startCounted();
  world.take();
  await readIndex(counted).finally(() => counted.stop());
  const requests = world.take()?.requests;
  const times: number[] = [];
  let processor = 0;
  for (let round = 0; round < 3; round += 1) {
    const gateway = await world.start();
    const before = processorSeconds(gateway.pid) ?? Number.NaN;
    times.push(
      ...(await timed(1, () => readIndex(gateway)).finally(async () => {
        processor = (processorSeconds(gateway.pid) ?? Number.NaN) - before;
        await gateway.stop();
      })),
    );
  }
  const spread = spreadOf(times);
  report({
    what: `first index GET of a fresh process, ${world.size} packages`,
    figure: `${showMs(spread)}, ${processor.toFixed(2)} s of processor time`,
    goal: goals === undefined ? '' : `≤ ${goals.seconds} s`,
    isMet: goals && spread.median <= goals.seconds * 1000,
  });
  if (requests === undefined) return;
  const isMet = goals && requests <= goals.requests;
  report({ what: '  requests', figure: `${requests}`, goal: goals === undefined ? '' : `≤ ${goals.requests}`, isMet });
}

async function reportPushes(world: World, report: Report): Promise<Figures> {
  const counted = await world.startCounted();
  await push(`${counted.url}/${place}`, smallPackage('warm'));
  world.take();
  await push(`${counted.url}/${place}`, smallPackage('counted')).finally(() => counted.stop());
  const traffic = world.take();
  const gateway = await world.start();
  try {
    await push(`${gateway.url}/${place}`, smallPackage('warm-too'));
    const before = processorSeconds(gateway.pid) ?? Number.NaN;
    const spread = spreadOf(await timed(pushes, (i) => push(`${gateway.url}/${place}`, smallPackage(`timed-${i}`))));
    const own = ((processorSeconds(gateway.pid) ?? Number.NaN) - before) / pushes;
    const listing = await world.list();
    const lists = traffic?.byMethod['GET tags/list'] ?? 0;
    report(
      plain(`push at ${world.size} packages`, `${showMs(spread)}, ${(own * 1000).toFixed(0)} ms of processor time`),
    );
    if (traffic !== undefined && listing !== undefined) {
      const written = (traffic.written - smallPackage('counted').length) / 1024;
      report(plain('  requests, and KiB written beside the package', `${traffic.requests}, ${written.toFixed(1)}`));
      report(plain('  the registry’s own listing, and how often it is asked', `${showMs(listing)}, ${lists} ×`));
    }
    report(resident('  memory after these pushes', residentBytes(gateway.pid), undefined));
    return { size: world.size, pushMs: spread.median, listingMs: (listing?.median ?? 0) * lists };
  } finally {
    await gateway.stop();
  }
}

async function reportTwoIndexes(world: World, report: Report): Promise<void> {
  const first = await world.start();
  await push(`${first.url}/${place}`, smallPackage('other', 'aarch64')).finally(() => first.stop());
  const gateway = await world.start();
  try {
    for (let i = 0; i < 200; i += 1) await readIndex(gateway, i % 2 === 0 ? 'x86_64' : 'aarch64');
    report(resident(`memory serving ${world.size} packages × 2 architectures`, residentBytes(gateway.pid), 300));
  } finally {
    await gateway.stop();
  }
}

function compare(what: string, large: Figures, small: Figures, report: Report): void {
  const without = (large.pushMs - large.listingMs) / (small.pushMs - small.listingMs);
  const all = large.pushMs / small.pushMs;
  const hasGoal = large.size <= 20_000;
  const row = (name: string, ratio: number, most: number) => {
    const goal = hasGoal ? `≤ ${most} ×` : '';
    report({ what: name, figure: `${ratio.toFixed(2)} ×`, goal, isMet: hasGoal ? ratio <= most : undefined });
  };
  row(`${what}, less the registry’s listings`, without, 2.5);
  row(`${what}, in all`, all, 5);
}

async function inRegistry<T>(
  architectures: readonly string[],
  size: number,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const folder = await makeTempDir();
  seedAll((of) => registryFolder(folder.path, of), architectures, size);
  const registry = await startRegistry({ folder: folder.path });
  const proxy = await startCountingProxy(registry.host);
  const startAt = (host: string) => startGatewayProcess('--backend', host, '--no-https', '--log-level', 'info');
  const list = () =>
    request(`http://${registry.host}/v2/${image}/tags/list?n=1000`).then(({ body }) => body.dump({ limit: 1e9 }));
  try {
    return await work({
      size,
      startCounted: () => startAt(proxy.host),
      start: () => startAt(registry.host),
      take: () => proxy.take(),
      list: async () => spreadOf(await timed(5, list)),
    });
  } finally {
    await proxy.stop();
    await registry.stop();
    await folder.remove();
  }
}

async function inFolder<T>(
  architectures: readonly string[],
  size: number,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const folder = await makeTempDir();
  seedAll((of) => embeddedFolder(folder.path, of), architectures, size);
  const start = () => startGatewayProcess('--data', folder.path, '--log-level', 'info');
  const absent = () => undefined;
  try {
    return await work({ size, startCounted: start, start, take: absent, list: () => Promise.resolve(undefined) });
  } finally {
    await folder.remove();
  }
}

function seedAll(
  open: (image: string) => Parameters<typeof seedPackages>[0],
  architectures: readonly string[],
  size: number,
): void {
  console.error(`  seeding ${size} packages of ${architectures.join(' and ')} …`);
  for (const architecture of architectures) seedPackages(open(image), { image, ...at, architecture }, size);
}

/** Asks again where the index takes longer to be made than a gateway lets its readers wait. */
async function readIndex({ url }: RunningLkard, architecture = 'x86_64'): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(`${url}/${place}/${architecture}/APKINDEX.tar.gz`, { headersTimeout: 900_000 });
    await answer.body.dump({ limit: 1e9 });
    if (answer.statusCode === 200) return;
    if (answer.statusCode !== 503 || attempt === 60) throw new Error(`an index was answered ${answer.statusCode}`);
  }
}

async function isAccepted({ url }: RunningLkard): Promise<boolean> {
  const body = smallPackage('first');
  const answer = await request(`${url}/${place}/push?if-exists=skip`, { method: 'PUT', body, headersTimeout: 900_000 });
  await answer.body.dump();
  return answer.statusCode < 300;
}

function plain(what: string, figure: string): Row {
  return { what, figure, goal: '', isMet: undefined };
}

function resident(what: string, bytes: number | undefined, mostMiB: number | undefined): Row {
  if (bytes === undefined) return plain(what, 'not measured: no /proc');
  const isMet = mostMiB === undefined ? undefined : bytes < mostMiB * 2 ** 20;
  return {
    what,
    figure: `${(bytes / 2 ** 20).toFixed(0)} MiB`,
    goal: mostMiB === undefined ? '' : `< ${mostMiB} MiB`,
    isMet,
  };
}
