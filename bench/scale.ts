import { request } from 'undici';
import type { RunningLkard } from '../test/support/programs.ts';
import { showMs, showSeconds, spreadOf, timed, type Row } from './support/figures.ts';
import { peakResidentBytes, processorSeconds, residentBytes } from './support/gateway-process.ts';
import { push, smallPackage } from './support/push.ts';
import {
  inFolder,
  inRegistry,
  pushUntilAccepted,
  place,
  readIndex,
  snapshotPlace,
  type World,
} from './support/scale-world.ts';

export interface ScaleOptions {
  /** Packages of each of two architectures: what goals are set for. */
  readonly packages: number;
  /** Packages of one architecture, to see what grows. */
  readonly most: number;
}

type Report = (row: Row) => void;

const pushes = 9;
/** A lone push lists so often. */
const looks = 3;

/** What a gateway asks, takes and holds as a repository grows: at 100, at as many as Alpine has, and far beyond. */
export async function benchScale({ packages, most }: ScaleOptions, report: Report): Promise<void> {
  await inRegistry(['x86_64'], 100, async (small) => {
    await measure(small, report);
    await inRegistry(['x86_64', 'aarch64'], packages, async (large) => {
      await measure(large, report, { seconds: 2, requests: 300, rebuildMiB: 400 });
      await reportTwoIndexes(large, report);
      await comparePushes(small, large, report);
      await reportSnapshot(large, report);
    });
    if (most === 0) return;
    await inRegistry(['x86_64'], most, async (largest) => {
      await measure(largest, report);
      await comparePushes(small, largest, report);
    });
  });
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

/** An index lost and made anew, a fresh process, and pushes, in that order. */
async function measure(world: World, report: Report, goals?: Goals): Promise<void> {
  await reportRebuild(world, report, goals);
  await reportFirstRead(world, report, goals);
  await reportPushes(world, report);
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
    await pushUntilAccepted(gateway);
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

async function reportPushes(world: World, report: Report): Promise<void> {
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
  } finally {
    await gateway.stop();
  }
}

async function reportTwoIndexes(world: World, report: Report): Promise<void> {
  const first = await world.start();
  await pushUntilAccepted(first, 'aarch64').finally(() => first.stop());
  const gateway = await world.start();
  try {
    for (let i = 0; i < 200; i += 1) await readIndex(gateway, i % 2 === 0 ? 'x86_64' : 'aarch64');
    report(resident(`memory serving ${world.size} packages × 2 architectures`, residentBytes(gateway.pid), 300));
  } finally {
    await gateway.stop();
  }
}

/** A snapshot of all that is there, and the first look at it by a gateway that has nothing in memory. */
async function reportSnapshot(world: World, report: Report): Promise<void> {
  const gateway = await world.startCounted();
  try {
    await readIndex(gateway);
    world.take();
    const [madeMs] = await timed(1, async () => {
      const { statusCode, body } = await request(`${gateway.url}/${snapshotPlace}`, { method: 'PUT' });
      if (statusCode !== 201) throw new Error(`a snapshot was answered ${statusCode}: ${await body.text()}`);
      await body.dump();
    });
    const made = world.take()?.requests ?? 0;
    // A manifest for each thousand packages of each architecture, and some ten beside.
    const most = Math.ceil((2 * world.size) / 1000) + 12;
    const what = `a snapshot of ${world.size} packages × 2 architectures`;
    report({ what, figure: `${showSeconds(madeMs)}, ${made} requests`, goal: `≤ ${most}`, isMet: made <= most });
  } finally {
    await gateway.stop();
  }
  const fresh = await world.startCounted();
  try {
    world.take();
    const [lookMs] = await timed(1, () => readIndex(fresh, 'x86_64', snapshotPlace));
    report(
      plain('  first look at it by a fresh process', `${showSeconds(lookMs)}, ${world.take()?.requests} requests`),
    );
  } finally {
    await fresh.stop();
  }
}

/** A push here and one there in turn, and the registry's listing beside: what else the machine does meets all of them alike. */
async function comparePushes(small: World, large: World, report: Report): Promise<void> {
  // The small one is compared with several.
  const named = `beside-${large.size}`;
  const gateways = [await small.start(), await large.start()] as const;
  const one = async (gateway: RunningLkard, name: string) => {
    const before = processorSeconds(gateway.pid) ?? Number.NaN;
    const [ms = Number.NaN] = await timed(1, () => push(`${gateway.url}/${place}`, smallPackage(name)));
    return { ms, processor: (processorSeconds(gateway.pid) ?? Number.NaN) - before };
  };
  try {
    for (const gateway of gateways) await one(gateway, `${named}-warm`);
    const rounds: { all: number; less: number; processor: readonly [number, number] }[] = [];
    for (let i = 0; i < pushes; i += 1) {
      const [here, there] = [await one(gateways[0], `${named}-${i}`), await one(gateways[1], `${named}-${i}`)];
      const lists = [(await small.list())?.median ?? 0, (await large.list())?.median ?? 0] as const;
      const less = (there.ms - looks * lists[1]) / (here.ms - looks * lists[0]);
      rounds.push({ all: there.ms / here.ms, less, processor: [here.processor, there.processor] as const });
    }
    const what = `a push at ${large.size} / at ${small.size}`;
    const hasGoal = large.size <= 20_000;
    const row = (name: string, ratios: readonly number[], most: number) => {
      const { min, median, max } = spreadOf(ratios);
      const figure = `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
      const isMet = hasGoal ? median <= most : undefined;
      report({ what: name, figure, goal: hasGoal ? `≤ ${most} ×` : '', isMet });
    };
    row(
      `${what}, less ${looks} of the registry’s listings`,
      rounds.map(({ less }) => less),
      2.5,
    );
    row(
      `${what}, in all`,
      rounds.map(({ all }) => all),
      2.5,
    );
    const used = [0, 1].map((at) => (rounds.reduce((sum, { processor }) => sum + processor[at]!, 0) / pushes) * 1000);
    report(plain('  processor time of the gateway', `${used[1]!.toFixed(0)} ms against ${used[0]!.toFixed(0)} ms`));
  } finally {
    for (const gateway of gateways) await gateway.stop();
  }
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
