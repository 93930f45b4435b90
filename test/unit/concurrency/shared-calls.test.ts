import { describe, expect, it } from 'vitest';
import { createKeptCalls } from '../../../src/concurrency/kept-calls.ts';
import { createFreshCalls, createJoinedCalls, type ShareCall } from '../../../src/concurrency/shared-calls.ts';
import { aClock } from '../../support/a-repository.ts';

/** Calls that are numbered as they begin, and end when the test says so. */
function numbered(share: ShareCall<number>) {
  const ends: { readonly resolve: (value: number) => void; readonly reject: (error: Error) => void }[] = [];
  const ask = (key = 'a') =>
    share(key, () => new Promise<number>((resolve, reject) => void ends.push({ resolve, reject })));
  return {
    ask,
    begun: () => ends.length,
    end: (at: number) => {
      ends[at]!.resolve(at);
    },
    fail: (at: number) => {
      ends[at]!.reject(new Error(`call ${at} failed`));
    },
  };
}

describe('a joined call', () => {
  it('is one for all who come while it runs, and another for who comes later', async () => {
    const { ask, begun, end } = numbered(createJoinedCalls());
    const both = [ask(), ask()];
    expect(begun()).toBe(1);
    end(0);
    expect(await Promise.all(both)).toEqual([0, 0]);
    const later = ask();
    end(1);
    expect(await later).toBe(1);
  });

  it('fails for all who share it, and for nobody else', async () => {
    const { ask, fail, end } = numbered(createJoinedCalls());
    const both = [ask(), ask()];
    const other = ask('b');
    fail(0);
    end(1);
    expect(await Promise.allSettled([...both, other])).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
      { value: 1 },
    ]);
    const later = ask();
    end(2);
    expect(await later).toBe(2);
  });
});

describe('a fresh call', () => {
  it('began after all who share it asked', async () => {
    const { ask, begun, end } = numbered(createFreshCalls());
    const first = ask();
    const meanwhile = [ask(), ask()];
    expect(begun()).toBe(1);
    end(0);
    expect(await first).toBe(0);
    while (begun() < 2) await Promise.resolve();
    end(1);
    expect(await Promise.all(meanwhile)).toEqual([1, 1]);
    expect(begun()).toBe(2);
  });

  it('is made though the one before it failed', async () => {
    const { ask, begun, end, fail } = numbered(createFreshCalls());
    const first = ask();
    const next = ask();
    fail(0);
    await expect(first).rejects.toThrow('call 0');
    while (begun() < 2) await Promise.resolve();
    end(1);
    expect(await next).toBe(1);
  });
});

describe('a kept call', () => {
  const clock = aClock();

  it('answers all who come while it runs or while its answer is good', async () => {
    const { ask, begun, end } = numbered(createKeptCalls({ max: 10, life: { clock, ttlMs: 100 } }));
    const both = [ask(), ask()];
    end(0);
    expect(await Promise.all(both)).toEqual([0, 0]);
    clock.pass(99);
    expect(await ask()).toBe(0);
    clock.pass(1);
    const later = ask();
    end(1);
    expect(await later).toBe(1);
    expect(begun()).toBe(2);
  });

  it.each([
    ['is forgotten at once', undefined, 0, 2],
    ['stands for as long as it was told', 50, 49, 1],
    ['stands no longer than it was told', 50, 50, 2],
  ])('that failed %s', async (_name, failedTtlMs, passedMs, calls) => {
    const options = { max: 10, life: { clock, ttlMs: 100 }, ...(failedTtlMs !== undefined && { failedTtlMs }) };
    const { ask, begun, fail } = numbered(createKeptCalls(options));
    const first = ask();
    fail(0);
    await expect(first).rejects.toThrow('call 0');
    clock.pass(passedMs);
    ask().catch(() => undefined);
    expect(begun()).toBe(calls);
  });
});
