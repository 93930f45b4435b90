import { describe, expect, it } from 'vitest';
import { buildIndexContent } from '../../../../src/repository/index/index-content.ts';
import { createServedIndex } from '../../../../src/repository/views/served-index.ts';
import { aGroup, aSigningKey } from '../../../support/a-repository.ts';
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

  it('that a publisher has shown is there for each of several who come at once', async () => {
    const compared = {
      ...{ stored: undefined, content: buildIndexContent(aGroup(), [], []), isCovered: false, isFromScratch: false },
      ...{ hadPackages: true, kept: [], keys: [aSigningKey()], beganMs: 5 as MonotonicMs },
    };
    let sign: (() => void) | undefined;
    const index = createServedIndex({
      clock: { now: unused, monotonicMs: () => 9 as MonotonicMs, sleep: unused },
      log: { debug: unused, info: unused, warn: unused, error: unused, audit: unused },
      maker: {
        sign: async () => {
          await new Promise<void>((resolve) => (sign = resolve));
          return [{ algorithm: 'RSA256', keyName: 'first.rsa.pub', bytes: new Uint8Array() }];
        },
        clock: { now: unused },
      },
      ...{ freshMs: () => 0, heldMs: () => 0, readSoFar: () => 0, onTaken: () => undefined },
    });
    index.offer({ beganMs: 5 as MonotonicMs, isCovering: false, compared: () => compared });
    const accepted = [index.accept('any'), index.accept('any').then(() => index.last?.comparedMs)];
    sign?.();
    expect((await Promise.all(accepted))[1]).toBe(5);
  });
});
