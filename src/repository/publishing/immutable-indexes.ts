import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';

/** The images whose registry lately forbade to replace an index tag. */
export interface ImmutableIndexes {
  /** Throws TAG_IMMUTABLE for such an image: a push to it would end so, after its body. */
  refuse(image: string): void;
  /** The outcome of putting an index of an image; only what is said of an index tag counts: packages' may well be immutable. */
  noting<T>(image: string, put: Promise<T>): Promise<T>;
}

const rememberedMs = 600_000;

export function createImmutableIndexes(clock: MonotonicClock): ImmutableIndexes {
  const images = createBoundedCache<true>(1000, { clock, ttlMs: rememberedMs });
  return {
    refuse(image) {
      if (images.get(image) === true) throw immutableIndex(image);
    },
    async noting(image, put) {
      try {
        return await put;
      } catch (error) {
        if (!isGatewayError(error, 'TAG_IMMUTABLE')) throw error;
        images.set(image, true);
        throw immutableIndex(image, error);
      }
    },
  };
}

function immutableIndex(image: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'TAG_IMMUTABLE',
    `the registry forbids to replace tags of ${image}, and an index must be replaced: exclude "index-*" from the rule`,
    { cause },
  );
}
