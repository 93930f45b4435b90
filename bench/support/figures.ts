/** A row of the report: what was measured, against what goal. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly goal: string;
  /** Undefined where there is none, or where it could not be measured. */
  readonly isMet: boolean | undefined;
}

/** Smallest, middle and largest of some figures. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The spread of at least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (i: number) => sorted[Math.min(i, sorted.length - 1)] ?? Number.NaN;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

/** `12.3 ms (10.1–20.4)`. */
export function showMs({ min, median, max }: Spread): string {
  return `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
}

/** `12.3 s`, of milliseconds. */
export function showSeconds(ms: number | undefined): string {
  return `${((ms ?? Number.NaN) / 1000).toFixed(1)} s`;
}

export function showMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Runs `work` so many times, one after the other, and returns how long each took in milliseconds. */
export async function timed(times: number, work: (i: number) => Promise<unknown>): Promise<readonly number[]> {
  const figures: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const began = performance.now();
    await work(i);
    figures.push(performance.now() - began);
  }
  return figures;
}
