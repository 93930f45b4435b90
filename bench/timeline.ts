import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startLkard } from '../test/support/programs.ts';
import { startRegistry } from '../test/support/registry.ts';
import { keyFixture } from '../test/support/signing-keys.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import { showMs, spreadOf, timed, type Row } from './support/figures.ts';
import { processorSeconds } from './support/gateway-process.ts';
import { barePush, fill, prepareBare, push, smallPackage } from './support/push.ts';
import { criticalPath, parseRecord, type PushRecord, type Step } from './support/push-record.ts';

/** Before a push is looked at: V8 has compiled by then what it runs. */
const warmUps = 200;
const pushes = 60;
const width = 50;

/**
 * Where the time of one lone push goes: each request to the registry, the steps that wait for each other, and what the gateway's main
 * thread does between them; beside the bare requests, one push of each in turn.
 */
export async function benchTimeline(packages: number, report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const folder = await makeTempDir();
  const file = path.join(folder.path, 'record');
  const gateway = await startLkard(
    [
      '--signing-key',
      keyFixture('test-only-4096.rsa'),
      '--log-level',
      'warn',
      '--backend',
      registry.host,
      '--no-https',
    ],
    { env: { LKARD_RECORD: file, NODE_OPTIONS: `--import=${pathToFileURL(recorder).href}` } },
  );
  const [ours, bare]: [number[], number[]] = [[], []];
  try {
    const base = `${gateway.url}/apk/bench/timeline/edge/main`;
    await fill(base, 0, packages);
    await prepareBare(registry.host, 'bench/bare');
    for (let i = 0; i < warmUps; i += 1) {
      await push(`${gateway.url}/apk/bench/warm/edge/main`, smallPackage(`warm-${i % 100}-${i}`));
      await barePush(registry.host, 'bench/bare', `w${i}`, smallPackage(`bare-warm-${i}`));
    }
    await push(base, smallPackage('last-warm-up'));
    const used = { gateway: 0, registryOfOurs: 0, registryOfBare: 0 };
    for (let i = 0; i < pushes; i += 1) {
      const before = [processorSeconds(gateway.pid), processorSeconds(registry.pid)].map((one) => one ?? Number.NaN);
      ours.push(...(await timed(1, () => push(base, smallPackage(`timed-${i}`)))));
      const between = [processorSeconds(gateway.pid), processorSeconds(registry.pid)].map((one) => one ?? Number.NaN);
      bare.push(...(await timed(1, () => barePush(registry.host, 'bench/bare', `t${i}`, smallPackage(`bare-${i}`)))));
      const after = processorSeconds(registry.pid) ?? Number.NaN;
      used.gateway += between[0]! - before[0]!;
      used.registryOfOurs += between[1]! - before[1]!;
      used.registryOfBare += after - between[1]!;
    }
    await gateway.stop();
    const records = parseRecord(readFileSync(file, 'utf8')).slice(-pushes);
    reportTimes(ours, bare, report);
    reportUsed(used, report);
    reportPath(records, report);
    reportOne(records, report);
  } finally {
    await gateway.stop();
    await registry.stop();
    await folder.remove();
  }
}

const recorder = path.join(import.meta.dirname, 'support', 'recorder.mjs');

interface Used {
  readonly gateway: number;
  readonly registryOfOurs: number;
  readonly registryOfBare: number;
}

function reportTimes(ours: readonly number[], bare: readonly number[], report: (row: Row) => void): void {
  report({ what: `${pushes} pushes, one after the other`, figure: showMs(spreadOf(ours)), goal: '', isMet: undefined });
  report({ what: 'the bare requests, in turn with them', figure: showMs(spreadOf(bare)), goal: '', isMet: undefined });
  const { min, median, max } = spreadOf(ours.map((ms, i) => ms / (bare[i] ?? Number.NaN)));
  const figure = `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
  report({ what: '  push / bare requests', figure, goal: '≤ 1.6 ×', isMet: median <= 1.6 });
}

function reportUsed({ gateway, registryOfOurs, registryOfBare }: Used, report: (row: Row) => void): void {
  const each = (seconds: number) => `${((seconds * 1000) / pushes).toFixed(1)} ms`;
  const figure = `gateway ${each(gateway)}, registry ${each(registryOfOurs)}; registry, bare ${each(registryOfBare)}`;
  report({ what: 'processor time of a push', figure, goal: '', isMet: undefined });
}

/** The medians of the steps of those pushes that took the way which most took. */
function reportPath(records: readonly PushRecord[], report: (row: Row) => void): void {
  const ways = new Map<string, (readonly Step[])[]>();
  for (const record of records) {
    const steps = criticalPath(record);
    const way = steps.map(({ what }) => what).join();
    ways.set(way, [...(ways.get(way) ?? []), steps]);
  }
  const [most = []] = [...ways.values()].sort((a, b) => b.length - a.length);
  report({ what: `what waits for what, in ${most.length} of ${records.length} pushes`, ...noFigure });
  for (const [i, { what }] of (most[0] ?? []).entries()) {
    const medianOf = (of: (step: Step) => number) =>
      spreadOf(most.map((steps) => (steps[i] === undefined ? Number.NaN : of(steps[i])))).median.toFixed(1);
    const figure = `${medianOf(({ ms }) => ms)} ms, the gateway at work ${medianOf(({ busyMs }) => busyMs)}`;
    report({ what: `  ${what}`, figure, goal: '', isMet: undefined });
  }
}

/** All requests of the push of the middle. */
function reportOne(records: readonly PushRecord[], report: (row: Row) => void): void {
  const durationOf = ({ came, gone }: PushRecord) => gone.atMs - came.atMs;
  const sorted = [...records].sort((a, b) => durationOf(a) - durationOf(b));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) return;
  const { came, gone, requests } = middle;
  const total = durationOf(middle);
  const busy = (gone.busyMs - came.busyMs).toFixed(1);
  report({ what: `one of them: ${total.toFixed(1)} ms, the gateway at work ${busy}`, ...noFigure });
  for (const { what, began, ended } of requests) {
    const [from, to] = [began.atMs - came.atMs, ended.atMs - came.atMs];
    const [before, length] = [from, to - from].map((ms) => Math.round((ms / total) * width));
    const bar = ' '.repeat(before ?? 0) + '█'.repeat(Math.max(1, length ?? 0));
    report({ what: `  ${what}`, figure: `${bar.padEnd(width + 1)} ${from.toFixed(1)}–${to.toFixed(1)}`, ...noGoal });
  }
}

const noGoal = { goal: '', isMet: undefined } as const;
const noFigure = { figure: '', ...noGoal } as const;
