import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { benchEndurance } from './endurance.ts';
import { benchFreshness } from './freshness.ts';
import { benchIndexes } from './indexes.ts';
import { benchLargeFiles, benchRedirects } from './large-files.ts';
import { benchConcurrentPushing, benchPushing } from './pushing.ts';
import { benchReading } from './reading.ts';
import { benchScale } from './scale.ts';
import { buildPrograms } from '../test/support/programs.ts';
import type { Row } from './support/figures.ts';
import { measureNoise } from './support/noise.ts';
import { benchSizing } from './sizing.ts';
import { benchTimeline } from './timeline.ts';
import { benchWorkers } from './workers.ts';

/** How much of everything. */
interface Sizes {
  readonly pushing: readonly number[];
  readonly reading: { readonly sizes: readonly number[]; readonly seconds: number };
  readonly mebibytes: number;
  readonly packages: number;
  readonly most: number;
  readonly minutes: number;
  readonly sizing: readonly number[];
}

type Suite = (report: (row: Row) => void, sizes: Sizes) => Promise<void>;

const suites: Readonly<Record<string, Suite>> = {
  pushing: (report, sizes) => benchPushing(sizes.pushing, report),
  concurrent: benchConcurrentPushing,
  timeline: (report) => benchTimeline(400, report),
  reading: (report, { reading }) => benchReading(reading, report),
  freshness: benchFreshness,
  workers: benchWorkers,
  large: async (report, { mebibytes }) => {
    await benchLargeFiles(mebibytes, report);
    await benchRedirects(mebibytes, report);
  },
  scale: (report, sizes) => benchScale(sizes, report),
  indexes: (report, sizes) => benchIndexes(sizes.packages, report),
  sizing: (report, { sizing }) => benchSizing(sizing, report),
  endurance: (report, { minutes }) => benchEndurance(minutes, report),
};
/** Takes as long as it is told, so it is run where it is named. */
const longSuite = 'endurance';

const whole: Sizes = {
  pushing: [10, 50, 100, 500, 1000, 5000],
  reading: { sizes: [400, 5000], seconds: 2 },
  mebibytes: 400,
  packages: 20_000,
  most: 100_000,
  minutes: 60,
  sizing: [100, 5000, 20_000, 100_000],
};
/** In three minutes, to see whether something broke: what grows with size is told by the whole alone. */
const quick: Sizes = {
  ...{ pushing: [10, 100], reading: { sizes: [400], seconds: 1 }, mebibytes: 64, packages: 2000, most: 0 },
  ...{ minutes: 3, sizing: [100, 2000] },
};
const quickSuites = ['pushing', 'reading', 'large', 'indexes'];

const options = {
  quick: { type: 'boolean', default: false },
  /** Of the suite `scale`: packages of each of two architectures. */
  packages: { type: 'string' },
  /** And of one architecture, to see what grows; 0 leaves that out. */
  most: { type: 'string' },
  /** Of the suite `endurance`. */
  minutes: { type: 'string' },
} as const;

/** Runs the suites named on the command line, or all, prints one table and writes the same as JSON. */
async function main(args: string[]): Promise<void> {
  const { positionals: names, values } = parseArgs({ args, options, allowPositionals: true });
  const preset = values.quick ? quick : whole;
  const { packages = preset.packages, most = preset.most, minutes = preset.minutes } = values;
  const sizes = { ...preset, packages: Number(packages), most: Number(most), minutes: Number(minutes) };
  const defaults = values.quick ? quickSuites : Object.keys(suites).filter((name) => name !== longSuite);
  await buildPrograms();
  const before = await measureNoise();
  const rows: Row[] = [];
  for (const name of names.length > 0 ? names : defaults) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no such suite: ${name}; there are ${Object.keys(suites).join(', ')}`);
    console.error(`running ${name} …`);
    const beganMs = performance.now();
    await suite((row) => {
      console.error(`  ${row.what}: ${row.figure}`);
      rows.push(row);
    }, sizes);
    rows.push({ what: `time of ${name}`, figure: `${secondsSince(beganMs)} s`, goal: '', isMet: undefined });
  }
  const after = await measureNoise();
  const isTooNoisy = before.isTooNoisy || after.isTooNoisy;
  rows.push({ what: 'the machine before', figure: before.text, goal: '', isMet: undefined });
  rows.push({ what: 'the machine after', figure: after.text, goal: '', isMet: undefined });
  const table = new Table({ head: ['what', 'figure', 'goal', ''] });
  for (const row of rows) table.push([row.what, row.figure, row.goal, verdictOn(row, isTooNoisy)]);
  console.log(table.toString());
  const file = path.join(import.meta.dirname, 'results', `${new Date().toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(
    file,
    JSON.stringify({ node: process.version, cpus: cpus().map(({ model }) => model), isTooNoisy, rows }, null, 2),
  );
  console.log(`written to ${path.relative(process.cwd(), file)}`);
}

function secondsSince(beganMs: number): string {
  return ((performance.now() - beganMs) / 1000).toFixed(0);
}

function verdictOn({ isMet }: Row, isTooNoisy: boolean): string {
  if (isMet === undefined) return '';
  if (isMet) return 'met';
  return isTooNoisy ? 'missed, on a machine too busy to tell' : 'missed';
}

await main(process.argv.slice(2));
