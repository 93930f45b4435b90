import { expect, it } from 'vitest';
import { createTokenBuckets } from '../../../src/concurrency/token-buckets.ts';

it('a bucket gives what it holds, and more as time goes by', () => {
  let nowMs = 1000;
  const buckets = createTokenBuckets({ now: () => nowMs }, { capacity: 3, refillMs: 100 });
  for (let taken = 0; taken < 3; taken += 1) {
    expect(buckets.waitMs('a')).toBe(0);
    buckets.take('a');
  }
  expect([buckets.waitMs('a'), buckets.waitMs('b')]).toEqual([100, 0]);
  nowMs += 40;
  expect(buckets.waitMs('a')).toBe(60);
  nowMs += 60;
  expect([buckets.waitMs('a'), buckets.waitMs('a', 1)]).toEqual([0, 100]);
  nowMs += 1e9;
  expect([buckets.waitMs('a', 2), buckets.waitMs('a', 3)]).toEqual([0, 100]);
});

it('a clock that is set back takes nothing away', () => {
  let nowMs = 1e6;
  const buckets = createTokenBuckets({ now: () => nowMs }, { capacity: 2, refillMs: 100 });
  buckets.take('a');
  nowMs = 0;
  expect(buckets.waitMs('a')).toBe(0);
});

it('so many are remembered and no more', () => {
  const buckets = createTokenBuckets({ now: () => 0 }, { capacity: 1, refillMs: 1000 });
  for (let i = 0; i < 30_000; i += 1) buckets.take(`10.${i}`);
  expect([buckets.waitMs('10.0'), buckets.waitMs('10.29999')]).toEqual([0, 1000]);
});
