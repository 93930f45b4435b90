import { createTokenBuckets } from '../../../concurrency/token-buckets.ts';
import { GatewayError } from '../../../errors.ts';
import type { MonotonicClock } from '../../../time/monotonic.ts';
import { abortedFault } from '../../../concurrency/aborted.ts';
import { leavesTimeFor, type Patience } from '../transport/patience.ts';

/** How many requests this process may send to a registry for each image, so that a registry that counts them doesn't refuse. */
export interface RequestBudget {
  /**
   * Takes one request of an image's budget, after a short wait where it is spent; STORE_UNAVAILABLE with
   * `retryAfterSeconds` where that would take longer, or longer than the caller has; ABORTED where the signal fires.
   */
  take(image: string, patience?: Patience): Promise<void>;
  /** The share of an image's budget that is spent now, from 0 to 1. */
  spent(image: string): number;
}

export interface RequestBudgetOptions {
  /** Requests a minute for one image: as many at once, and again as time goes by. */
  readonly perMinute: number;
  /** How long a request waits for its turn, in milliseconds. Default 5,000. */
  readonly maxWaitMs?: number | undefined;
  /** Called for each request that had to wait, or was refused. */
  readonly onShort?: ((outcome: 'waited' | 'refused') => void) | undefined;
}

/** A budget that fills up evenly. */
export function createRequestBudget(
  deps: MonotonicClock & { readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void> },
  { perMinute, maxWaitMs = 5_000, onShort }: RequestBudgetOptions,
): RequestBudget {
  const turns = createTokenBuckets(deps, { capacity: perMinute, refillMs: 60_000 / perMinute, mayOwe: true });

  return {
    async take(image, patience = {}) {
      const { signal } = patience;
      const waitMs = turns.waitMs(image);
      if (waitMs > maxWaitMs || (waitMs > 0 && !leavesTimeFor(deps, patience, waitMs))) {
        onShort?.('refused');
        throw spentFault(image, perMinute, waitMs);
      }
      // Those who wait have theirs promised.
      turns.take(image);
      if (waitMs === 0) return;
      onShort?.('waited');
      await deps.sleep(waitMs, signal).catch((error: unknown) => {
        turns.giveBack(image);
        throw signal?.aborted === true ? abortedFault(signal) : error;
      });
    },
    spent: (image) => turns.spent(image),
  };
}

function spentFault(image: string, perMinute: number, waitMs: number): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the ${perMinute} requests a minute for ${image} are spent; try again`, {
    details: { image, retryAfterSeconds: Math.ceil(waitMs / 1000), isFinal: true },
  });
}
