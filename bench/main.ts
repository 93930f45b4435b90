import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import Table from 'cli-table3';
import { benchLargeFiles } from './large-files.ts';
import { benchConcurrentPushing, benchPushing } from './pushing.ts';
import { benchReading } from './reading.ts';
import type { Row } from './support/figures.ts';

const suites: Readonly<Record<string, (report: (row: Row) => void) => Promise<void>>> = {
  pushing: (report) => benchPushing([10, 50, 100, 500, 1000, 5000], report),
  concurrent: benchConcurrentPushing,
  reading: benchReading,
  large: (report) => benchLargeFiles(400, report),
};

/** Runs the suites named on the command line, or all, prints one table and writes the same as JSON. */
async function main(names: readonly string[]): Promise<void> {
  const rows: Row[] = [];
  for (const name of names.length > 0 ? names : Object.keys(suites)) {
    const suite = suites[name];
    if (suite === undefined) throw new Error(`no such suite: ${name}; there are ${Object.keys(suites).join(', ')}`);
    console.error(`running ${name} …`);
    await suite((row) => {
      console.error(`  ${row.what}: ${row.figure}`);
      rows.push(row);
    });
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
