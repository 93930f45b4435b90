import { LRUCache } from 'lru-cache';
import type { MonotonicClock } from '../time/monotonic.ts';

/** A map that forgets what was used longest ago once it is full, and what is too old where it was given a time to live. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  /** Keeps a value, as long as all others or for `ttlMs`; one that may be kept for no time at all is forgotten. */
  set(key: string, value: V, ttlMs?: number): void;
  delete(key: string): void;
  keys(): Iterable<string>;
  entries(): Iterable<[string, V]>;
}

/** How long entries live: each for less than `ttlMs` from when it was set, however often it is read. */
export interface TimeToLive {
  readonly clock: MonotonicClock;
  /** Default: for ever. */
  readonly ttlMs?: number;
}

/** A cache of at most `max` entries. The library sets aside room for all of them when told `max`, so it is told sizes. */
export function createBoundedCache<V extends object | string | number | boolean>(
  max: number,
  life?: TimeToLive,
): BoundedCache<V> {
  return createByteBoundedCache(max, () => 1, life);
}

/** A cache bounded by the bytes that its values hold. */
export function createByteBoundedCache<V extends object | string | number | boolean>(
  maxBytes: number,
  bytesOf: (value: V) => number,
  life?: TimeToLive,
): BoundedCache<V> {
  const sizes = { maxSize: maxBytes, sizeCalculation: (value: V) => Math.max(1, bytesOf(value)) };
  return wrap(new LRUCache<string, V>({ ...sizes, ...(life && timed(life)) }), life?.ttlMs);
}

/** The library takes 0 for no moment at all, and else reads its clock once a ms by a timer of its own. */
function timed({ clock }: TimeToLive) {
  return { perf: { now: () => clock.monotonicMs() + 1 }, ttlResolution: 0 };
}

function wrap<V extends object | string | number | boolean>(
  cache: LRUCache<string, V>,
  usualMs = Infinity,
): BoundedCache<V> {
  return {
    get: (key) => cache.get(key),
    set: (key, value, ttlMs = usualMs) => {
      // The library would keep it for ever.
      if (ttlMs <= 0) cache.delete(key);
      else if (ttlMs === Infinity) cache.set(key, value);
      // The library lets an entry live through the last ms.
      else cache.set(key, value, { ttl: ttlMs - shortestMs });
    },
    delete: (key) => void cache.delete(key),
    keys: () => cache.keys(),
    entries: () => cache.entries(),
  };
}

const shortestMs = 1e-6;
