import type { Digest } from '../../oci/digest.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import type { ComparedIndex } from './index-view.ts';

/** What a publisher's look has shown of an index. */
export interface Offer {
  /** When the look began. */
  readonly beganMs: MonotonicMs;
  /** Whether the stored index covers the set, so that a view needs no signature. */
  readonly isCovering: boolean;
  /** Not called before it is needed: what a publisher writes is decided after its look. */
  readonly compared: () => ComparedIndex;
}

/** What looks of publishers have shown of one index, until somebody reads it. */
export interface Offers {
  add(offer: Offer): void;
  /** The last that covers the set, where the tag names that version. */
  takeCovering(version: Digest | undefined): ComparedIndex | undefined;
  /** The last of all: it would have to be signed, so it is for when nobody can look. */
  takeLast(): ComparedIndex | undefined;
  /** Whether there is one to take. */
  readonly isAny: boolean;
}

export function createOffers(): Offers {
  let covering: ComparedIndex | undefined;
  let last: Offer | undefined;

  return {
    add(offer) {
      if (offer.beganMs < (last?.beganMs ?? 0)) return;
      last = offer;
      if (!offer.isCovering) return;
      // Not by its look, which would be kept in memory.
      const compared = offer.compared();
      covering = compared;
      last = { ...offer, compared: () => compared };
    },
    takeCovering(version) {
      const taken = covering;
      if (taken === undefined || taken.stored?.manifestDigest !== version) return undefined;
      covering = undefined;
      if (last?.isCovering === true) last = undefined;
      return taken;
    },
    takeLast() {
      const taken = last?.compared();
      last = undefined;
      covering = undefined;
      return taken;
    },
    get isAny() {
      return last !== undefined;
    },
  };
}
