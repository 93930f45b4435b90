import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
import { startRegistry } from '../test/support/registry.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import { spreadOf } from './support/figures.ts';
import type { Row } from './support/figures.ts';
import { startGatewayProcess } from './support/gateway-process.ts';
import { loadGenerator, requestsPerSecond } from './support/load.ts';
import type { Target } from './support/load.ts';
import { bareEtag, startBareServer, startNginx } from './support/peers.ts';
import { fill, push, smallPackage } from './support/push.ts';

const rounds = 3;
const seconds = 1;

type Report = (row: Row) => void;
type Rates = Readonly<Record<string, readonly number[]>>;

interface Goals {
  readonly bare: number | undefined;
  readonly nginx: number | undefined;
}

/** How many readers of indexes and small packages one gateway process serves, against servers that only hand out bytes. */
export async function benchReading(report: Report): Promise<void> {
  const registry = await startRegistry();
  const gateway = await startGatewayProcess('--backend', registry.host, '--no-https');
  const logging = await startGatewayProcess('--backend', registry.host, '--no-https', '--log-level', 'info');
  try {
    report({ what: `load by ${loadGenerator()}, 32 connections`, figure: '', goal: '', isMet: undefined });
    for (const size of [400, 5000]) {
      const place = `apk/bench/reading-${size}/edge/main`;
      await fill(`${gateway.url}/${place}`, 0, size);
      const index = `${place}/x86_64/APKINDEX.tar.gz`;
      const urls = { gateway: `${gateway.url}/${index}`, 'with a log line each': `${logging.url}/${index}` };
      const goals = { bare: 0.8, nginx: size === 400 ? 0.5 : undefined };
      await compareContent(`GET index, ${size} packages`, urls, goals, report);
      await compareNotModified(`GET index, ${size} packages, 304`, urls.gateway, report);
    }
    const base = `${gateway.url}/apk/bench/reading-small/edge/main`;
    await push(base, smallPackage('small'));
    const small = { gateway: `${base}/x86_64/small-1.0-r0.apk` };
    await compareContent('GET a small package', small, { bare: undefined, nginx: 0.4 }, report);
  } finally {
    await Promise.all([gateway.stop(), logging.stop()]);
    await registry.stop();
  }
}

/** The gateways against a bare server and nginx that have the very same bytes. */
async function compareContent(
  what: string,
  gateways: Readonly<Record<string, string>> & { readonly gateway: string },
  goals: Goals,
  report: Report,
): Promise<void> {
  const { bytes } = await fetched(gateways.gateway);
  const folder = await makeTempDir();
  const file = path.join(folder.path, 'content');
  await writeFile(file, bytes);
  const bare = await startBareServer(file);
  const nginx = await startNginx({ content: bytes });
  try {
    const rates = await interleaved({
      ...mapValues(gateways, (url) => ({ url })),
      'bare node:http': { url: bare.url },
      ...(nginx && { nginx: { url: `${nginx.url}content` } }),
    });
    reportRates(`${what} (${(bytes.length / 1024).toFixed(1)} KiB)`, rates, report);
    compare('bare node:http', rates, goals.bare, report);
    if (nginx === undefined) report({ what: '  nginx', figure: 'not installed', goal: '', isMet: undefined });
    else compare('nginx', rates, goals.nginx, report);
  } finally {
    await bare.stop();
    await nginx?.stop();
    await folder.remove();
  }
}

async function compareNotModified(what: string, url: string, report: Report): Promise<void> {
  const { bytes, etag } = await fetched(url);
  const folder = await makeTempDir();
  const file = path.join(folder.path, 'content');
  await writeFile(file, bytes);
  const bare = await startBareServer(file);
  try {
    const rates = await interleaved({
      gateway: { url, headers: { 'If-None-Match': etag } },
      'bare node:http': { url: bare.url, headers: { 'If-None-Match': bareEtag } },
    });
    reportRates(what, rates, report);
    compare('bare node:http', rates, 0.7, report);
  } finally {
    await bare.stop();
    await folder.remove();
  }
}

/** Each target in turn, and all that several times: what else the machine does then meets all of them alike. */
async function interleaved(targets: Readonly<Record<string, Target>>): Promise<Rates> {
  const rates: Record<string, number[]> = {};
  for (const target of Object.values(targets)) await requestsPerSecond(target, 1);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, target] of Object.entries(targets)) {
      (rates[name] ??= []).push(await requestsPerSecond(target, seconds));
    }
  }
  return rates;
}

function reportRates(what: string, rates: Rates, report: Report): void {
  report({ what, figure: 'requests/s', goal: '', isMet: undefined });
  for (const [name, figures] of Object.entries(rates)) {
    const { min, median, max } = spreadOf(figures);
    const figure = `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
    report({ what: `  ${name}`, figure, goal: '', isMet: undefined });
  }
}

/** The median of the rounds' own ratios: the peers of one round met the same machine. */
function compare(peer: string, { gateway = [], ...rates }: Rates, goal: number | undefined, report: Report): void {
  const ratios = gateway.map((rate, round) => rate / (rates[peer]?.[round] ?? Number.NaN));
  const { min, median, max } = spreadOf(ratios);
  const figure = `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
  report({
    what: `  gateway / ${peer}`,
    figure,
    goal: goal === undefined ? '' : `≥ ${goal} ×`,
    isMet: goal === undefined ? undefined : median >= goal,
  });
}

async function fetched(url: string): Promise<{ bytes: Uint8Array; etag: string }> {
  const answer = await request(url);
  if (answer.statusCode !== 200) throw new Error(`${url} was answered ${answer.statusCode}`);
  return { bytes: new Uint8Array(await answer.body.arrayBuffer()), etag: String(answer.headers.etag) };
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
