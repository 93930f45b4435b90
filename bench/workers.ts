import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { anApk } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { spreadOf, type Row } from './support/figures.ts';
import { startGatewayProcess } from './support/gateway-process.ts';
import { requestsPerSecond } from './support/load.ts';
import { push } from './support/push.ts';

const rounds = 5;
const seconds = 2;
/** Two workers, what asks them, and the rest of the machine. */
const neededCores = 4;

/** What a second worker adds, on a machine that has the cores for it; says what is missing on any other. */
export async function benchWorkers(report: (row: Row) => void): Promise<void> {
  const what = 'GET a small package: 2 workers / 1';
  const goal = '≥ 1.5 ×';
  const free = await idleCores();
  if (free === undefined || free < neededCores - 0.5) {
    const found = free === undefined ? 'no /proc/stat' : `${free.toFixed(1)} cores are idle`;
    report({ what, figure: `not measured: ${found}, it takes ${neededCores}`, goal, isMet: undefined });
    return;
  }
  const registry = await startRegistry();
  const backend = ['--backend', registry.host, '--no-https'];
  const [one, two] = [await startGatewayProcess(...backend), await startGatewayProcess(...backend, '--workers', '2')];
  try {
    const place = 'apk/bench/workers/edge/main';
    await push(`${one.url}/${place}`, anApk({ name: 'small', version: '1.0-r0', arch: 'x86_64', dataBytes: 2400 }));
    const rate = ({ url, pid }: typeof one) =>
      requestsPerSecond({ url: `${url}/${place}/x86_64/small-1.0-r0.apk`, pid }, seconds);
    for (const gateway of [one, two]) await rate(gateway);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const alone = await rate(one);
      ratios.push((await rate(two)) / alone);
    }
    const { min, median, max } = spreadOf(ratios);
    const figure = `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
    report({ what, figure, goal, isMet: median >= 1.5 });
  } finally {
    await Promise.all([one.stop(), two.stop()]);
    await registry.stop();
  }
}

/** Cores that had nothing to do within the last second; undefined where /proc is missing. */
async function idleCores(): Promise<number | undefined> {
  const before = idleTicks();
  await sleep(1000);
  const after = idleTicks();
  return before === undefined || after === undefined ? undefined : (after - before) / 100;
}

function idleTicks(): number | undefined {
  try {
    // cpu user nice system idle …
    return Number(readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/)[4]);
  } catch {
    return undefined;
  }
}
