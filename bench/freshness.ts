import { request } from 'undici';
import { startRegistry } from '../test/support/registry.ts';
import { spreadOf, type Row } from './support/figures.ts';
import { startGatewayProcess } from './support/gateway-process.ts';
import { requestsPerSecond, type Target } from './support/load.ts';
import { fill } from './support/push.ts';

const rounds = 3;
const seconds = 3;
const lonelyReads = 500;
/** What asking on each read may cost: where readers don't share what they ask, the ratio is 0.04. */
const leastRatio = 0.15;

/**
 * What it costs to ask the registry on each read (`--freshness 0s`, the default) against once a second: by 32 readers of one
 * index, and by one reader alone, whose requests to the registry are counted.
 */
export async function benchFreshness(report: (row: Row) => void): Promise<void> {
  const registry = await startRegistry();
  const start = (freshness: string) =>
    startGatewayProcess('--backend', registry.host, '--no-https', '--freshness', freshness);
  const [always, secondly] = [await start('0s'), await start('1s')];
  try {
    const place = 'apk/bench/freshness/edge/main';
    await fill(`${always.url}/${place}`, 0, 400);
    const targetOf = ({ url, pid }: { url: string; pid: number }) => ({
      pid,
      url: `${url}/${place}/x86_64/APKINDEX.tar.gz`,
    });
    const targets = { '0s': targetOf(always), '1s': targetOf(secondly) };
    const rates = await inTurns(targets);
    for (const [freshness, figures] of Object.entries(rates)) {
      const { min, median, max } = spreadOf(figures);
      const figure = `${median.toFixed(0)} requests/s (${min.toFixed(0)}–${max.toFixed(0)})`;
      report({ what: `GET index, 32 readers, --freshness ${freshness}`, figure, goal: '', isMet: undefined });
    }
    const { median } = spreadOf(rates['0s'].map((rate, round) => rate / (rates['1s'][round] ?? Number.NaN)));
    const goal = `≥ ${leastRatio} ×`;
    report({ what: '  0s / 1s', figure: `${median.toFixed(2)} ×`, goal, isMet: median >= leastRatio });
    const asked = await askedByOneReader(always.url, targets['0s'].url);
    const figure = `${asked.toFixed(2)} requests to the registry a read`;
    report({ what: 'GET index, one reader, --freshness 0s', figure, goal: '≤ 1', isMet: asked <= 1 });
  } finally {
    await Promise.all([always.stop(), secondly.stop()]);
    await registry.stop();
  }
}

async function inTurns(targets: Readonly<Record<'0s' | '1s', Target>>): Promise<Record<'0s' | '1s', number[]>> {
  const rates: Record<'0s' | '1s', number[]> = { '0s': [], '1s': [] };
  for (const target of Object.values(targets)) await requestsPerSecond(target, 1);
  for (let round = 0; round < rounds; round += 1) {
    for (const freshness of ['0s', '1s'] as const)
      rates[freshness].push(await requestsPerSecond(targets[freshness], seconds));
  }
  return rates;
}

async function askedByOneReader(gateway: string, url: string): Promise<number> {
  const before = await registryRequests(gateway);
  for (let read = 0; read < lonelyReads; read += 1) await (await request(url)).body.dump();
  return ((await registryRequests(gateway)) - before) / lonelyReads;
}

async function registryRequests(gateway: string): Promise<number> {
  const text = await (await request(`${gateway}/metrics`)).body.text();
  const counts = [...text.matchAll(/^lkard_registry_requests_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
