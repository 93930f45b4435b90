import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anApk } from '../support/an-apk.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { deployFolder, findTool, runTool } from './tools.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}

const folder = path.join(deployFolder, 'monitoring');
const promtool = findTool('promtool');

/** What Prometheus adds to everything that it scrapes. */
const scrapeLabels = ['job', 'instance'];
const ownSeries = new Map([['up', new Set(scrapeLabels)]]);

/** The labels of every series that a gateway shows which was read from and pushed to. */
async function scrapedSeries(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const registry = registryProgram() === undefined ? undefined : await startRegistry();
  const gateway = await startGateway(registry === undefined ? {} : { store: { registry: registry.host } });
  try {
    const base = `${gateway.url}/apk/team/app/edge/main`;
    const body = new Uint8Array(anApk({ name: 'hello', version: '1.0-r0' }));
    expect((await fetch(`${base}/push`, { method: 'PUT', body })).status).toBe(201);
    for (const file of ['APKINDEX.tar.gz', 'hello-1.0-r0.apk'])
      await (await fetch(`${base}/x86_64/${file}`)).arrayBuffer();
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const series = new Map<string, Set<string>>();
    for (const [, name = '', labels = ''] of text.matchAll(/^([a-z0-9_]+)(?:\{(.*)\})? /gm)) {
      const known = series.get(name) ?? new Set(scrapeLabels);
      for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
      series.set(name, known);
    }
    return series;
  } finally {
    await gateway.stop();
    await registry?.stop();
  }
}

/** The series that an expression reads, and the labels that it names of them. */
function seriesIn(expression: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...expression.matchAll(/\b([a-z][a-z0-9]*_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?(?!\s*\()/g)].map(
    ([, name = '', matchers = '']) => ({
      name,
      labels: [...grouped, ...[...matchers.matchAll(/([a-z_]+)\s*(?:=|!)/g)].map(([, label = '']) => label)],
    }),
  );
}

let dashboard: Dashboard;
let rules: readonly Rule[];
let known: ReadonlyMap<string, ReadonlySet<string>>;

beforeAll(async () => {
  dashboard = JSON.parse(await readFile(path.join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
  const text = await readFile(path.join(folder, 'alerts.yaml'), 'utf8');
  rules = (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  known = new Map([...(await scrapedSeries()), ...ownSeries]);
}, 60_000);

function faultsIn(expression: string): readonly string[] {
  const read = seriesIn(expression.replaceAll('$__rate_interval', '5m'));
  if (read.length === 0) return [`reads nothing: ${expression}`];
  return read.flatMap(({ name, labels }) => {
    const has = known.get(name);
    if (has === undefined) return [`there is no ${name}`];
    return labels.filter((label) => !has.has(label)).map((label) => `${name} has no label ${label}`);
  });
}

describe('the Grafana dashboard', () => {
  it('shows what a gateway measures, and nothing else', () => {
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(10);
    expect(expressions.flatMap(faultsIn)).toEqual([]);
    const asked = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    const named = asked.map((query) => /label_values\(([a-z_]+)/.exec(query)?.[1] ?? '');
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('leaves out nothing of its own', () => {
    const text = JSON.stringify(dashboard);
    const ours = [...known.keys()].filter((name) => name.startsWith('lkard_'));
    const families = new Set(ours.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...families].filter((family) => !text.includes(family))).toEqual([]);
  });

  it('has its panels side by side, each with a number of its own', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});

describe('the alerts', () => {
  it('are about what a gateway measures, and say what to do', () => {
    expect(rules.flatMap(({ expr }) => faultsIn(expr))).toEqual([]);
    expect(rules.filter(({ annotations }) => !annotations.summary || !annotations.description)).toEqual([]);
  });

  it('are all in the docs', async () => {
    const page = await readFile(path.join(deployFolder, '..', 'docs', 'operating.md'), 'utf8');
    expect(rules.map(({ alert }) => alert).filter((name) => !page.includes(name))).toEqual([]);
  });

  it.skipIf(promtool === undefined)('are rules to promtool, and fire when they should', () => {
    expect(runTool(promtool ?? '', ['check', 'rules', 'alerts.yaml'], { cwd: folder })).toMatchObject({ exitCode: 0 });
    const tested = runTool(promtool ?? '', ['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
    expect([tested.exitCode, tested.stdout + tested.stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

it('a metric that is not there is found', () => {
  expect(faultsIn('sum by (route) (rate(lkard_nothing_total[5m]))')).toEqual(['there is no lkard_nothing_total']);
  expect(faultsIn('lkard_open_uploads{image="x"}')).toEqual(['lkard_open_uploads has no label image']);
});
