declare const isMonotonic: unique symbol;

/**
 * A moment on this process's own clock, in ms: it never steps and never goes back. Only the difference of two such moments means
 * something, and only within one process. Time in which the whole machine sleeps may be missing from it.
 */
export type MonotonicMs = number & { readonly [isMonotonic]: true };

/** What tells such moments. */
export interface MonotonicClock {
  /** The moment now. */
  monotonicMs(): MonotonicMs;
}

/** The machine's own monotonic clock. */
export function monotonicMs(): MonotonicMs {
  return performance.now() as MonotonicMs;
}

/** The moment that comes `ms` after another. */
export function momentAfter(moment: MonotonicMs, ms: number): MonotonicMs {
  return (moment + ms) as MonotonicMs;
}

/** The ms that have passed since a moment. */
export function msSince(clock: MonotonicClock, moment: MonotonicMs): number {
  return clock.monotonicMs() - moment;
}
