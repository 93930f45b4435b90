import { describe, expect, it } from 'vitest';
import { createServedIndex } from '../../../../src/repository/views/served-index.ts';
import type { MonotonicMs } from '../../../../src/time/monotonic.ts';

const unused = () => {
  throw new Error('nobody reads in these tests');
};

describe('a served index', () => {
  it('is shown by a publisher, whose look may show more than it lists: who was told before that there is none is asked for again', () => {
    const index = createServedIndex({
      clock: { now: unused, monotonicMs: () => 9 as MonotonicMs, sleep: unused },
      log: { debug: unused, info: unused, warn: unused, error: unused, audit: unused },
      maker: { sign: unused, clock: { now: unused } },
      ...{ freshMs: () => 0, heldMs: () => 0, readSoFar: () => 0, onTaken: unused },
    });
    expect([index.shownMs, index.isOffered]).toEqual([0, false]);
    index.offer({ beganMs: 5 as MonotonicMs, isCovering: false, compared: unused });
    expect([index.shownMs, index.isOffered]).toEqual([5, true]);
    // The store itself has confirmed nothing yet.
    expect(index.confirmedMs).toBe(0);
  });
});
