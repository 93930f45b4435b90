import { createHash } from 'node:crypto';
import { loadavg } from 'node:os';
import { spreadOf, timed } from './figures.ts';

/** How much the same work differs in time here and now. */
export interface Noise {
  /** Slowest tenth against fastest: 1 on a machine with nothing else to do. */
  readonly ratio: number;
  /** The machine was too busy to tell a goal that was missed from one that was met. */
  readonly isTooNoisy: boolean;
  readonly text: string;
}

const most = 1.5;

/** Measures it: a hundred times the same 2 ms of work. */
export async function measureNoise(): Promise<Noise> {
  const bytes = Buffer.alloc(1 << 20);
  const work = () => Promise.resolve(createHash('sha256').update(bytes).digest());
  const sorted = [...(await timed(100, work))].sort((a, b) => a - b);
  const ratio = (sorted.at(90) ?? 0) / spreadOf(sorted).min;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return { ratio, isTooNoisy: ratio > most, text: `the same work takes up to ${ratio.toFixed(1)} ×; load ${load}` };
}
