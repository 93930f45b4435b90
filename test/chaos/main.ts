import { parseArgs } from 'node:util';
import { buildPrograms } from '../support/programs.ts';
import { formatReport, runChaos } from './run.ts';
import { parseTroubles } from './troubles.ts';

/** `npm run chaos -- [--seconds N] [--seed N] [--troubles A,B]`: real gateways and a real registry, and everything that can fail between. */
async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seconds: text, seed: text, troubles: text } });
  const troubles = values.troubles === undefined ? undefined : parseTroubles(values.troubles);
  const seconds = Number(values.seconds ?? 300);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
  if (!(seconds > 0 && seconds <= 86_400) || !Number.isSafeInteger(seed))
    throw new Error('usage: [--seconds N] [--seed N] [--troubles A,B]');
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
    process.once('SIGINT', () => process.exit(130));
  });
  console.log(`seed ${seed}, ${seconds} s`);
  await buildPrograms();
  const began = performance.now();
  const log = (line: string) => {
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  };
  const report = await runChaos({ seed, seconds, log, signal: interrupted.signal, ...(troubles && { troubles }) });
  console.log(formatReport(report));
  if (report.faults.length > 0)
    console.log(`the same choices again: npm run chaos -- --seconds ${seconds} --seed ${seed}`);
  return report.faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
