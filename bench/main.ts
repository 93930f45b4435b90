import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { benchFreshness } from './freshness.ts';
import { benchIndexes } from './indexes.ts';
import { benchLargeFiles, benchRedirects } from './large-files.ts';
import { benchConcurrentPushing, benchPushing } from './pushing.ts';
import { benchReading } from './reading.ts';
import { benchScale } from './scale.ts';
import { buildPrograms } from '../test/support/programs.ts';
import type { Row } from './support/figures.ts';
import { benchWorkers } from './workers.ts';

type Suite = (report: (row: Row) => void, sizes: { readonly packages: number; readonly most: number }) => Promise<void>;

const suites: Readonly<Record<string, Suite>> = {
  pushing: (report) => benchPushing([10, 50, 100, 500, 1000, 5000], report),
  concurrent: benchConcurrentPushing,
  reading: benchReading,
  freshness: benchFreshness,
  workers: benchWorkers,
  large: async (report) => {
    await benchLargeFiles(400, report);
    await benchRedirects(400, report);
  },
  scale: (report, sizes) => benchScale(sizes, report),
  indexes: (report, sizes) => benchIndexes(sizes.packages, report),
};

const sizeOptions = {
  /** Of the suite `scale`: packages of each of two architectures. */
  packages: { type: 'string', default: '20000' },
  /** And of one architecture, to see what grows; 0 leaves that out. */
  most: { type: 'string', default: '100000' },
} as const;

/** Runs the suites named on the command line, or all, prints one table and writes the same as JSON. */
async function main(args: string[]): Promise<void> {
  const { positionals: names, values } = parseArgs({ args, options: sizeOptions, allowPositionals: true });
  const sizes = { packages: Number(values.packages), most: Number(values.most) };
  await buildPrograms();
  const rows: Row[] = [];
  for (const name of names.length > 0 ? names : Object.keys(suites)) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no such suite: ${name}; there are ${Object.keys(suites).join(', ')}`);
    console.error(`running ${name} …`);
    await suite((row) => {
      console.error(`  ${row.what}: ${row.figure}`);
      rows.push(row);
    }, sizes);
  }
  const table = new Table({ head: ['what', 'figure', 'goal', ''] });
  for (const { what, figure, goal, isMet } of rows)
    table.push([what, figure, goal, isMet === undefined ? '' : isMet ? 'met' : 'missed']);
  console.log(table.toString());
  const file = path.join(import.meta.dirname, 'results', `${new Date().toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ node: process.version, cpus: cpus().map(({ model }) => model), rows }, null, 2));
  console.log(`written to ${path.relative(process.cwd(), file)}`);
}

await main(process.argv.slice(2));
