import { createBoundedCache } from './bounded-cache.ts';

/** Counts what somebody did lately against what they may do: each has a bucket that empties by use and fills with time. */
export interface TokenBuckets {
  /** Milliseconds until `key` has more than `reserved` left; 0 where it has now. */
  waitMs(key: string, reserved?: number): number;
  /** Takes one from `key`'s bucket, as far as there is one. */
  take(key: string): void;
}

export interface TokenBucketOptions {
  /** How many fit in: so many may come at once. */
  readonly capacity: number;
  /** Milliseconds in which one comes back. */
  readonly refillMs: number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** Whoever was seen longest ago is forgotten past so many: some MiB. */
const maxBuckets = 20_000;

export function createTokenBuckets(
  { now }: { readonly now: () => number },
  { capacity, refillMs }: TokenBucketOptions,
): TokenBuckets {
  const buckets = createBoundedCache<Bucket>(maxBuckets);
  const leftOf = (key: string): number => {
    const bucket = buckets.get(key);
    // A clock that was set back must not take anything away.
    const passedMs = Math.max(0, now() - (bucket?.atMs ?? 0));
    return bucket === undefined ? capacity : Math.min(capacity, bucket.left + passedMs / refillMs);
  };
  return {
    waitMs(key, reserved = 0) {
      const missing = reserved + 1 - leftOf(key);
      return missing <= 0 ? 0 : Math.ceil(missing * refillMs);
    },
    take(key) {
      buckets.set(key, { left: Math.max(0, leftOf(key) - 1), atMs: now() });
    },
  };
}
