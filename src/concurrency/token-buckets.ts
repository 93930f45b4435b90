import type { MonotonicClock } from '../time/monotonic.ts';
import { createBoundedCache } from './bounded-cache.ts';

/** Counts what somebody did lately against what they may do: each has a bucket that empties by use and fills with time. */
export interface TokenBuckets {
  /** Milliseconds until `key` has more than `reserved` left; 0 where it has now. */
  waitMs(key: string, reserved?: number): number;
  /** Takes one from `key`'s bucket. An empty one stays empty, or owes one more where it may. */
  take(key: string): void;
  /** Puts back one that was taken and not used. */
  giveBack(key: string): void;
  /** The share of `key`'s bucket that is used up now, from 0 to 1. */
  spent(key: string): number;
}

export interface TokenBucketOptions {
  /** How many fit in: so many may come at once. */
  readonly capacity: number;
  /** Milliseconds in which one comes back. */
  readonly refillMs: number;
  /** Whether those who wait have theirs promised, so that the next waits for longer. Default: no. */
  readonly mayOwe?: boolean;
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** Whoever was seen longest ago is forgotten past so many: some MiB. */
const maxBuckets = 20_000;

export function createTokenBuckets(
  clock: MonotonicClock,
  { capacity, refillMs, mayOwe = false }: TokenBucketOptions,
): TokenBuckets {
  const buckets = createBoundedCache<Bucket>(maxBuckets);
  const leastLeft = mayOwe ? -Infinity : 0;
  const leftOf = (key: string): number => {
    const bucket = buckets.get(key);
    if (bucket === undefined) return capacity;
    return Math.min(capacity, bucket.left + (clock.monotonicMs() - bucket.at) / refillMs);
  };
  const change = (key: string, by: number): void => {
    const left = Math.min(capacity, Math.max(leastLeft, leftOf(key) + by));
    buckets.set(key, { left, at: clock.monotonicMs() });
  };
  return {
    waitMs(key, reserved = 0) {
      const missing = reserved + 1 - leftOf(key);
      return missing <= 0 ? 0 : Math.ceil(missing * refillMs);
    },
    take(key) {
      change(key, -1);
    },
    giveBack(key) {
      change(key, 1);
    },
    spent: (key) => 1 - Math.max(0, leftOf(key)) / capacity,
  };
}
