import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
import { anApk } from '../test/support/an-apk.ts';
import { startRegistry } from '../test/support/registry.ts';
import { makeTempDir } from '../test/support/temp-dir.ts';
import { spreadOf, type Row } from './support/figures.ts';
import { processorSeconds, startGatewayProcess } from './support/gateway-process.ts';
import { loadGenerator, requestsPerSecond, type Target } from './support/load.ts';
import { bareEtag, startBareServer, startNginx, type Peer } from './support/peers.ts';
import { fill, push } from './support/push.ts';

const rounds = 3;

type Report = (row: Row) => void;

/** One round of one target: requests each second, and each second of its processor time. */
interface Rate {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
}

type Rates = Readonly<Record<string, readonly Rate[]>>;
type Targets = Readonly<Record<string, Target>>;

interface Goals {
  readonly bare: number | undefined;
  readonly nginx: number | undefined;
}

/** How many readers of indexes and small packages one gateway process serves, against servers that only hand out bytes. */
export async function benchReading(
  { sizes, seconds }: { readonly sizes: readonly number[]; readonly seconds: number },
  report: Report,
): Promise<void> {
  const registry = await startRegistry();
  const backend = ['--backend', registry.host, '--no-https'];
  // From memory: what the registry is asked on each read by default is told apart (freshness.ts).
  const gateway = await startGatewayProcess(...backend, '--freshness', '1s');
  const logging = await startGatewayProcess(...backend, '--freshness', '1s', '--log-level', 'info');
  const targetsOf = (path: string) => ({
    gateway: { url: `${gateway.url}/${path}`, pid: gateway.pid },
    'gateway, a log line each': { url: `${logging.url}/${path}`, pid: logging.pid },
  });
  try {
    report({ what: `load by ${loadGenerator()}, 32 connections`, figure: '', goal: '', isMet: undefined });
    for (const size of sizes) {
      const place = `apk/bench/reading-${size}/edge/main`;
      await fill(`${gateway.url}/${place}`, 0, size);
      const targets = targetsOf(`${place}/x86_64/APKINDEX.tar.gz`);
      const goals = { bare: size === 400 ? 0.8 : 0.85, nginx: size === 400 ? 0.5 : undefined };
      await compareContent(`GET index, ${size} packages`, targets, { goals, seconds }, report);
      await compareNotModified(`GET index, ${size} packages, 304`, targets.gateway, seconds, report);
    }
    const place = 'apk/bench/reading-small/edge/main';
    await push(`${gateway.url}/${place}`, anApk({ name: 'small', version: '1.0-r0', arch: 'x86_64', dataBytes: 2400 }));
    const { gateway: target } = targetsOf(`${place}/x86_64/small-1.0-r0.apk`);
    await compareContent(
      'GET a small package',
      { gateway: target },
      { goals: { bare: undefined, nginx: 0.4 }, seconds },
      report,
    );
  } finally {
    await Promise.all([gateway.stop(), logging.stop()]);
    await registry.stop();
  }
}

/** The gateways against a bare server and nginx that have the very same bytes. */
async function compareContent(
  what: string,
  gateways: Targets & { readonly gateway: Target },
  { goals, seconds }: { readonly goals: Goals; readonly seconds: number },
  report: Report,
): Promise<void> {
  const { bytes } = await fetched(gateways.gateway.url);
  await withPeers(bytes, async (bare, nginx) => {
    const rates = await interleaved(
      {
        ...gateways,
        'bare node:http': bare,
        ...(nginx && { nginx: { ...nginx, url: `${nginx.url}content` } }),
      },
      seconds,
    );
    reportRates(`${what} (${(bytes.length / 1024).toFixed(1)} KiB)`, rates, report);
    compare('bare node:http', rates, goals.bare, report);
    if (nginx === undefined) report({ what: '  nginx', figure: 'not installed', goal: '', isMet: undefined });
    else compare('nginx', rates, goals.nginx, report);
  });
}

async function compareNotModified(what: string, gateway: Target, seconds: number, report: Report): Promise<void> {
  const { bytes, etag } = await fetched(gateway.url);
  await withPeers(bytes, async (bare) => {
    const rates = await interleaved(
      {
        gateway: { ...gateway, headers: { 'If-None-Match': etag } },
        'bare node:http': { ...bare, headers: { 'If-None-Match': bareEtag } },
      },
      seconds,
    );
    reportRates(what, rates, report);
    compare('bare node:http', rates, 0.8, report);
  });
}

async function withPeers(
  bytes: Uint8Array,
  work: (bare: Peer, nginx: Peer | undefined) => Promise<void>,
): Promise<void> {
  const folder = await makeTempDir();
  const file = path.join(folder.path, 'content');
  await writeFile(file, bytes);
  const bare = await startBareServer(file);
  const nginx = await startNginx({ content: bytes });
  try {
    await work(bare, nginx);
  } finally {
    await bare.stop();
    await nginx?.stop();
    await folder.remove();
  }
}

/** Each target in turn, and all that several times: what else the machine does then meets all of them alike. */
async function interleaved(targets: Targets, seconds: number): Promise<Rates> {
  const rates: Record<string, Rate[]> = {};
  for (const target of Object.values(targets)) {
    // A gateway compares an index before it serves it first.
    await fetched(target.url);
    await requestsPerSecond(target, 1);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, target] of Object.entries(targets)) (rates[name] ??= []).push(await measured(target, seconds));
  }
  return rates;
}

async function measured(target: Target, seconds: number): Promise<Rate> {
  const before = processorSeconds(target.pid) ?? Number.NaN;
  const perSecond = await requestsPerSecond(target, seconds);
  const used = (processorSeconds(target.pid) ?? Number.NaN) - before;
  return { perSecond, perProcessorSecond: (perSecond * seconds) / used };
}

function reportRates(what: string, rates: Rates, report: Report): void {
  report({ what, figure: 'requests/s; and by its own processor time', goal: '', isMet: undefined });
  for (const [name, figures] of Object.entries(rates)) {
    const { min, median, max } = spreadOf(figures.map(({ perSecond }) => perSecond));
    const own = spreadOf(figures.map(({ perProcessorSecond }) => perProcessorSecond));
    const figure = `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)}); ${own.median.toFixed(0)}`;
    report({ what: `  ${name}`, figure, goal: '', isMet: undefined });
  }
}

/**
 * The medians of the rounds' own ratios: the peers of one round met the same machine. Where that has other work to do, the
 * ratio by processor time is the one to look at: it doesn't depend on whose turn it was.
 */
function compare(peer: string, { gateway = [], ...rates }: Rates, goal: number | undefined, report: Report): void {
  const ratiosOf = (figure: keyof Rate) =>
    spreadOf(gateway.map((rate, round) => rate[figure] / (rates[peer]?.[round]?.[figure] ?? Number.NaN)));
  const { min, median, max } = ratiosOf('perSecond');
  const own = ratiosOf('perProcessorSecond');
  report({
    what: `  gateway / ${peer}`,
    figure: `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)}); ${own.median.toFixed(2)} ×`,
    goal: goal === undefined ? '' : `≥ ${goal} ×`,
    isMet: goal === undefined ? undefined : median >= goal,
  });
}

async function fetched(url: string): Promise<{ bytes: Uint8Array; etag: string }> {
  const answer = await request(url);
  if (answer.statusCode !== 200) throw new Error(`${url} was answered ${answer.statusCode}`);
  return { bytes: new Uint8Array(await answer.body.arrayBuffer()), etag: String(answer.headers.etag) };
}
