import { expect, it } from 'vitest';
import { createTokenBuckets } from '../../../src/concurrency/token-buckets.ts';
import { aClock } from '../../support/a-repository.ts';

it('a bucket gives what it holds, and more as time goes by', () => {
  const clock = aClock();
  const buckets = createTokenBuckets(clock, { capacity: 3, refillMs: 100 });
  for (let taken = 0; taken < 3; taken += 1) {
    expect(buckets.waitMs('a')).toBe(0);
    buckets.take('a');
  }
  expect([buckets.waitMs('a'), buckets.waitMs('b')]).toEqual([100, 0]);
  clock.pass(40);
  expect(buckets.waitMs('a')).toBe(60);
  clock.pass(60);
  expect([buckets.waitMs('a'), buckets.waitMs('a', 1)]).toEqual([0, 100]);
  clock.pass(1e9);
  expect([buckets.waitMs('a', 2), buckets.waitMs('a', 3)]).toEqual([0, 100]);
});

it('a wall clock that is set back takes nothing away', () => {
  const clock = aClock();
  const buckets = createTokenBuckets(clock, { capacity: 2, refillMs: 100 });
  buckets.take('a');
  clock.step(-1e6);
  expect(buckets.waitMs('a')).toBe(0);
});

it.each([
  ['an empty bucket stays empty', false, 100],
  ['a bucket that may owe makes the next wait for longer', true, 300],
])('%s', (_name, mayOwe, waitMs) => {
  const buckets = createTokenBuckets(aClock(), { capacity: 1, refillMs: 100, mayOwe });
  for (let taken = 0; taken < 3; taken += 1) buckets.take('a');
  expect([buckets.waitMs('a'), buckets.spent('a')]).toEqual([waitMs, 1]);
});

it('what is given back can be used again, and fills no bucket past its brim', () => {
  const buckets = createTokenBuckets(aClock(), { capacity: 4, refillMs: 100 });
  buckets.take('a');
  expect(buckets.spent('a')).toBe(0.25);
  buckets.giveBack('a');
  buckets.giveBack('a');
  expect([buckets.spent('a'), buckets.waitMs('a', 3), buckets.waitMs('a', 4)]).toEqual([0, 0, 100]);
});

it('so many are remembered and no more', () => {
  const buckets = createTokenBuckets(aClock(), { capacity: 1, refillMs: 1000 });
  for (let i = 0; i < 30_000; i += 1) buckets.take(`10.${i}`);
  expect([buckets.waitMs('10.0'), buckets.waitMs('10.29999')]).toEqual([0, 1000]);
});
