import { describe, expect, it } from 'vitest';
import { createGatheredCalls } from '../../../src/concurrency/gathered-calls.ts';
import { aClock } from '../../support/a-repository.ts';

describe('calls that are gathered', () => {
  it('are made at once for who is alone, however often', async () => {
    const clock = aClock();
    const calls = createGatheredCalls<number>(clock);
    const cameMs = clock.monotonicMs();
    for (let i = 0; i < 5; i += 1) expect(await calls('alone', () => Promise.resolve(i))).toBe(i);
    expect(clock.monotonicMs()).toBe(cameMs);
  });

  it('are shared by those who come while one is made, each of whom is answered by one that began later', async () => {
    const clock = aClock();
    const calls = createGatheredCalls<number>(clock);
    let made = 0;
    const call = async () => {
      const mine = (made += 1);
      await clock.sleep(100);
      return mine;
    };
    const first = calls('key', call);
    const others = [calls('key', call), calls('key', call)];
    expect(await clock.until(Promise.all([first, ...others]))).toEqual([1, 2, 2]);
    // They come back, and the one call waits for both.
    const again = [calls('key', call), calls('key', call)];
    expect(await clock.until(Promise.all(again))).toEqual([3, 3]);
  });

  it('are told apart by key', async () => {
    const clock = aClock();
    const calls = createGatheredCalls<string>(clock);
    const both = ['a', 'b'].map((key) => calls(key, () => Promise.resolve(key)));
    expect(await clock.until(Promise.all(both))).toEqual(['a', 'b']);
  });
});
