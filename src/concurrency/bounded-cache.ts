import { LRUCache } from 'lru-cache';

/** A map that forgets what was used longest ago once it holds `max` entries. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  keys(): Iterable<string>;
  entries(): Iterable<[string, V]>;
}

/** The same for at most `max` entries. The library sets aside room for all of them when told `max`, so it is told sizes. */
export function createBoundedCache<V extends object | string | number | boolean>(max: number): BoundedCache<V> {
  return createByteBoundedCache(max, () => 1);
}

/** The same, bounded by the bytes that its values hold. */
export function createByteBoundedCache<V extends object | string | number | boolean>(
  maxBytes: number,
  bytesOf: (value: V) => number,
): BoundedCache<V> {
  return wrap(new LRUCache<string, V>({ maxSize: maxBytes, sizeCalculation: (value) => Math.max(1, bytesOf(value)) }));
}

function wrap<V extends object | string | number | boolean>(cache: LRUCache<string, V>): BoundedCache<V> {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => void cache.set(key, value),
    delete: (key) => void cache.delete(key),
    keys: () => cache.keys(),
    entries: () => cache.entries(),
  };
}
