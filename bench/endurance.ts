import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { anApk } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { showMiB, spreadOf, type Row } from './support/figures.ts';
import { peakResidentBytes, residentBytes, startGatewayProcess } from './support/gateway-process.ts';
import { fill, push, smallPackage } from './support/push.ts';

const place = 'apk/bench/endurance/edge/main';
const packages = 200;
const sampleMs = 5_000;
/** What the end may be of the beginning: less than any leak makes of it in that time. */
const mostGrowth = 1.15;

interface Sample {
  readonly bytes: number;
  readonly files: number;
}

/** One thing that somebody does, and how many milliseconds pass until the next. */
interface Habit {
  readonly everyMs: number;
  readonly act: (base: string, turn: number) => Promise<void>;
}

/** All that a gateway is asked in a day, in so many minutes: does memory, or what it holds open, grow with what it has done? */
export async function benchEndurance(minutes: number, report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const gateway = await startGatewayProcess('--backend', registry.host, '--no-https', '--log-level', 'error');
  const base = `${gateway.url}/${place}`;
  try {
    await fill(base, 0, packages);
    await push(base, anApk({ name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: 8 * 2 ** 20 }));
    const untilMs = performance.now() + minutes * 60_000;
    const counts = habits.map((habit) => keepUp(habit, base, untilMs));
    const samples = await watch(gateway.pid, untilMs);
    const acts = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    report({ what: `mixed load for ${minutes} minutes: requests`, figure: `${acts}`, goal: '', isMet: undefined });
    reportGrowth(samples, minutes, report);
    const peak = peakResidentBytes(gateway.pid);
    if (peak !== undefined) report({ what: '  most memory', figure: showMiB(peak), goal: '', isMet: undefined });
  } finally {
    await gateway.stop();
    await registry.stop();
  }
}

/** The first twelfth, without the start itself, and the last: of an hour five minutes each. */
function reportGrowth(samples: readonly Sample[], minutes: number, report: (row: Row) => void): void {
  const length = Math.max(2, Math.floor(samples.length / 12));
  const [first, last] = [samples.slice(Math.floor(length / 5), length), samples.slice(-length)];
  const part = `${(minutes / 12).toFixed(1)} minutes`;
  const row = (what: string, of: (sample: Sample) => number, show: (value: number) => string) => {
    const [before, after] = [spreadOf(first.map(of)), spreadOf(last.map(of))];
    const ratio = after.median / before.median;
    const figure = `${show(before.median)} in the first ${part}, ${show(after.median)} in the last: ${ratio.toFixed(2)} ×`;
    report({ what, figure, goal: `≤ ${mostGrowth} ×`, isMet: ratio <= mostGrowth });
  };
  row('  memory', ({ bytes }) => bytes, showMiB);
  row(
    '  open files',
    ({ files }) => files,
    (files) => files.toFixed(0),
  );
}

async function watch(pid: number, untilMs: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  while (performance.now() < untilMs) {
    samples.push({ bytes: residentBytes(pid) ?? Number.NaN, files: readdirSync(`/proc/${pid}/fd`).length });
    const tenths = Math.round((samples.length * sampleMs) / 60_000);
    if ((samples.length * sampleMs) % 300_000 === 0)
      console.error(`  after ${tenths} minutes: ${showMiB(samples.at(-1)?.bytes ?? 0)}`);
    await sleep(sampleMs);
  }
  return samples;
}

async function keepUp({ everyMs, act }: Habit, base: string, untilMs: number): Promise<number> {
  let turn = 0;
  for (; performance.now() < untilMs; turn += 1) {
    const began = performance.now();
    await act(base, turn);
    await sleep(Math.max(0, everyMs - (performance.now() - began)));
  }
  return turn;
}

const habits: readonly Habit[] = [
  { everyMs: 20, act: (base) => get(`${base}/x86_64/APKINDEX.tar.gz`) },
  { everyMs: 50, act: (base) => get(`${base}/x86_64/APKINDEX.tar.gz`, { 'if-none-match': '"stale"' }) },
  { everyMs: 30, act: (base, turn) => get(`${base}/x86_64/fill-${turn % packages}-1.0-r0.apk`) },
  { everyMs: 1_000, act: (base) => get(`${base}/x86_64/Packages.adb`) },
  { everyMs: 5_000, act: (base) => get(`${base}/x86_64/large-1.0-r0.apk`) },
  { everyMs: 3_000, act: (base) => leaveEarly(`${base}/x86_64/large-1.0-r0.apk`) },
  // Readers who each come once: what is kept of each must not stay.
  { everyMs: 500, act: (base, turn) => get(`${base}/x86_64/APKINDEX.tar.gz`, { authorization: reader(turn) }) },
  { everyMs: 500, act: (base) => get(`${base}/x86_64/${randomBytes(8).toString('hex')}-1.0-r0.apk`) },
  { everyMs: 500, act: (base) => get(`${base}/status.json`) },
  { everyMs: 1_000, act: (base) => get(`${base}/`) },
  { everyMs: 1_000, act: (base) => get(new URL('/metrics', base).href) },
  { everyMs: 5_000, act: pushAndDelete },
  { everyMs: 2_000, act: (base) => refusedPush(base) },
];

/** A package that lives for a moment: the repository stays as large as it is, whatever is pushed. */
async function pushAndDelete(base: string, turn: number): Promise<void> {
  await push(base, smallPackage(`passing-${turn}`));
  const answer = await request(`${base}/x86_64/passing-${turn}-1.0-r0.apk`, { method: 'DELETE', ...patience });
  await answer.body.dump();
  if (answer.statusCode !== 204) throw new Error(`a delete was answered ${answer.statusCode}`);
}

async function refusedPush(base: string): Promise<void> {
  const answer = await request(`${base}/push`, { method: 'PUT', body: randomBytes(2048), ...patience });
  await answer.body.dump();
  if (answer.statusCode < 400) throw new Error('what is no package was taken');
}

async function leaveEarly(url: string): Promise<void> {
  const answer = await request(url, patience);
  answer.body.on('error', () => undefined);
  await new Promise((resolve) => answer.body.once('data', resolve));
  answer.body.destroy();
}

const patience = { headersTimeout: 120_000, bodyTimeout: 120_000 };

async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const answer = await request(url, { headers, ...patience });
  await answer.body.dump({ limit: 1e9 });
  if (answer.statusCode >= 500) throw new Error(`${url} was answered ${answer.statusCode}`);
}

function reader(turn: number): string {
  return `Basic ${Buffer.from(`reader-${turn}:secret`).toString('base64')}`;
}
