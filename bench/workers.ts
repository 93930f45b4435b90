import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { anApk } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { spreadOf, type Row } from './support/figures.ts';
import { processorSeconds, startGatewayProcess } from './support/gateway-process.ts';
import { requestsPerSecond } from './support/load.ts';
import { push } from './support/push.ts';

const rounds = 5;
const seconds = 2;
/** Two workers, what asks them, and the rest of the machine. */
const neededCores = 4;

/**
 * What a second worker adds. Whether that is enough is told on a machine that has the cores for it; on any other by the processor
 * time of both, which tells what a worker costs.
 */
export async function benchWorkers(report: (row: Row) => void): Promise<void> {
  const free = (await idleCores()) ?? 0;
  const hasRoom = free >= neededCores - 0.5;
  const registry = await startRegistry();
  const backend = ['--backend', registry.host, '--no-https'];
  const [one, two] = [await startGatewayProcess(...backend), await startGatewayProcess(...backend, '--workers', '2')];
  try {
    const place = 'apk/bench/workers/edge/main';
    await push(`${one.url}/${place}`, anApk({ name: 'small', version: '1.0-r0', arch: 'x86_64', dataBytes: 2400 }));
    const rate = async ({ url, pid }: typeof one) => {
      const before = processorSeconds(pid) ?? Number.NaN;
      const perSecond = await requestsPerSecond({ url: `${url}/${place}/x86_64/small-1.0-r0.apk`, pid }, seconds);
      return { perSecond, ofProcessor: (perSecond * seconds) / ((processorSeconds(pid) ?? Number.NaN) - before) };
    };
    for (const gateway of [one, two]) await rate(gateway);
    const ratios: { readonly rate: number; readonly ofProcessor: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [alone, both] = [await rate(one), await rate(two)];
      ratios.push({ rate: both.perSecond / alone.perSecond, ofProcessor: both.ofProcessor / alone.ofProcessor });
    }
    const { min, median, max } = spreadOf(ratios.map((ratio) => ratio.rate));
    report({
      what: 'GET a small package: 2 workers / 1',
      figure: `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)}), ${free.toFixed(1)} cores idle before, it takes ${neededCores}`,
      goal: '≥ 1.5 ×',
      isMet: hasRoom ? median >= 1.5 : undefined,
    });
    const own = spreadOf(ratios.map((ratio) => ratio.ofProcessor));
    report({
      what: '  the same by their processor time',
      figure: `${own.median.toFixed(2)} × (${own.min.toFixed(2)}–${own.max.toFixed(2)})`,
      goal: '',
      isMet: undefined,
    });
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
