import { setImmediate as macrotask } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inParallel } from '../../../src/concurrency/in-parallel.ts';

describe('mapping with bounded concurrency', () => {
  it('keeps the order of the items and never exceeds the bound', async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 2, 3], 2, async (n) => {
      most = Math.max(most, (running += 1));
      for (let i = 0; i < n; i += 1) await macrotask();
      running -= 1;
      return n * 10;
    });
    expect([results, most]).toEqual([[50, 10, 40, 20, 30], 2]);
  });

  it('begins nothing after a fault, and throws it only once nothing is under way any more', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const all = inParallel([1, 2, 3, 4], 2, async (n) => {
      begun.push(n);
      if (n === 1) throw new Error('one');
      await macrotask();
      ended.push(n);
    });
    await expect(all).rejects.toThrow('one');
    expect([begun, ended]).toEqual([[1, 2], [2]]);
  });
});
