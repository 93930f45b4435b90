import { expect, it } from 'vitest';
import { createBoundedCache, createByteBoundedCache } from '../../../src/concurrency/bounded-cache.ts';
import type { MonotonicMs } from '../../../src/time/monotonic.ts';
import { aClock } from '../../support/a-repository.ts';

it('a cache forgets what was used longest ago', () => {
  const cache = createBoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([...cache.keys()].toSorted()).toEqual(['a', 'c']);
});

it('a cache of bytes counts what its values hold', () => {
  const cache = createByteBoundedCache<string>(10, (text) => text.length);
  cache.set('a', '1234');
  cache.set('b', '1234');
  cache.set('c', '1234');
  expect([...cache.entries()].toSorted()).toEqual([
    ['b', '1234'],
    ['c', '1234'],
  ]);
});

it.each([
  ['lives for less than its time', 999, 1],
  ['is gone when its time is over', 1000, undefined],
])('an entry %s', (_name, passedMs, expected) => {
  const clock = aClock();
  const cache = createBoundedCache<number>(10, { clock, ttlMs: 1000 });
  cache.set('a', 1);
  clock.pass(passedMs);
  expect(cache.get('a')).toBe(expected);
  expect([...cache.keys()]).toEqual(expected === undefined ? [] : ['a']);
});

it('an entry of the very first moment lives no longer than others', () => {
  let nowMs = 0;
  const cache = createBoundedCache<number>(10, { clock: { monotonicMs: () => nowMs as MonotonicMs }, ttlMs: 5 });
  cache.set('a', 1);
  nowMs = 5000;
  expect(cache.get('a')).toBeUndefined();
});

it('reading an entry lends it no time, setting it again does; each may have a time of its own', () => {
  const clock = aClock();
  const cache = createBoundedCache<number>(10, { clock });
  cache.set('for ever', 1);
  cache.set('short', 1, 100);
  cache.set('again', 1, 100);
  clock.pass(60);
  cache.get('short');
  cache.set('again', 2, 100);
  clock.pass(60);
  expect(['for ever', 'short', 'again'].map((key) => cache.get(key))).toEqual([1, undefined, 2]);
});

it('what may be kept for no time is not kept, and what was there before is gone', () => {
  const cache = createBoundedCache<number>(10, { clock: aClock(), ttlMs: 0 });
  cache.set('a', 1);
  expect(cache.get('a')).toBeUndefined();
  const other = createBoundedCache<number>(10);
  other.set('a', 1);
  other.set('a', 2, 0);
  expect(other.get('a')).toBeUndefined();
});
