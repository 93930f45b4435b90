/** Says how much of what may be asked of the store for an image is spent, from 0 to 1. */
export type Spent = (image: string) => number;

/** Up to this share nothing gives way. */
const ampleUntil = 0.5;
/** So much longer is everything held for fresh when nothing is left. */
const mostStretch = 60;
/** What a freshness of less is stretched from, in ms. */
const leastStretchedMs = 1_000;

/**
 * How many times longer than usual what was read of an image is held for fresh: readers give way first where the store bounds
 * what it is asked, so that pushes go on.
 */
export function stretchOf(spent: Spent | undefined, image: string): number {
  const share = spent?.(image) ?? 0;
  return share <= ampleUntil ? 1 : 1 + ((share - ampleUntil) / (1 - ampleUntil)) * (mostStretch - 1);
}

/** A freshness in ms, stretched so many times; one of nothing is stretched as if it were a second. */
export function stretchedFreshness(freshnessMs: number, stretch: number): number {
  return freshnessMs + (stretch - 1) * Math.max(freshnessMs, leastStretchedMs);
}
