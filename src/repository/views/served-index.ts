import { settlesWithin } from '../../concurrency/settles-within.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Resolved } from '../../store/store.ts';
import { msSince, type MonotonicMs } from '../../time/monotonic.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { createDelisted } from './delisted.ts';
import { verifiedView, type IndexView, type ViewMaker } from './index-view.ts';
import { createOffers, type Offer } from './offers.ts';
import { createPatience, type Patience } from './patience.ts';

/**
 * What this replica knows of one group's index, for all who read it: which version the tag names, learnt at one moment, and
 * which view was made of it, compared at another. Nobody else changes either. It holds only what the store has shown somebody;
 * that it has nothing for one reader is nothing to the others. Moments are when a request was sent, not when it was answered.
 */
export interface ServedIndex {
  readonly patience: Patience;
  /** Asks for the tag; returns the version that it names by then, undefined where there is none for the caller. */
  check(ask: () => Promise<Resolved | undefined>): Promise<Digest | undefined>;
  /** Whether an ask that was sent after that moment has shown the version. */
  isKnownSince(momentMs: number): boolean;
  /**
   * The view, where it is of the version that is known (of none, where there is none for the caller), wasn't suspected since,
   * and has been compared no longer ago than `share` of the time for which that holds.
   */
  current(hasVersion: boolean, share?: number): IndexView | undefined;
  /** Takes what was offered: what covers the set and is the version that is known, or whatever came last. */
  accept(which: 'known' | 'any'): Promise<void>;
  /** The newest view, however old. */
  readonly last: IndexView | undefined;
  /** Compares by making a view, which is taken unless a later one has been; null: nothing is there for the caller. */
  compare(make: () => Promise<IndexView | null>): Promise<IndexView | undefined>;
  /** For how long, in ms, comparisons have found nothing. */
  readonly missedForMs: number;
  /**
   * What is `current`, if need be once the comparison that is under way has ended, for which nobody waits long where it hangs; else
   * what `compare` gives. Of those who waited for one the first makes the next, for which the others wait where it may be for them
   * too.
   */
  shared(
    current: () => IndexView | undefined,
    compare: () => Promise<IndexView | undefined>,
    mayShare: () => boolean,
  ): Promise<IndexView | undefined>;
  /** Takes over what a look of a publisher has shown. The view is made of it when somebody reads. */
  offer(offer: Offer): void;
  /** Whether a publisher's look has shown something of which no view was made yet. */
  readonly isOffered: boolean;
  /** Something that it lists couldn't be fetched. */
  suspect(): void;
  /** What was listed within the last minute under a name that isn't any more. */
  delisted(fileName: string): IndexedPackage | undefined;
  /** Whether the comparison should soon be made again: more than `share` of the time for which it holds is over. */
  isDue(share: number): boolean;
  /** When the store last confirmed it. */
  readonly confirmedMs: MonotonicMs;
  /** When the store, or a publisher, last showed that there is one. */
  readonly shownMs: MonotonicMs;
  /** For how long, in ms, something that another replica acknowledged may be missing. */
  readonly lagMs: number;
  /** Bytes that it keeps in memory, roughly. */
  readonly weight: number;
}

export interface ServedIndexDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly maker: ViewMaker;
  /** For how long a version is taken for the latest, and a comparison for good, in ms. */
  readonly freshMs: () => number;
  readonly heldMs: () => number;
  /** A number that grows as comparisons read packages. */
  readonly readSoFar: () => number;
  /** Told of each new view, which may be of another weight. */
  readonly onTaken: () => void;
}

/** What a record costs in memory, roughly. */
const bytesPerRecord = 1024;
/**
 * Nobody waits longer for somebody else's comparison, whose connection may hang. One of those who did makes their own; but not
 * while so many packages were read meanwhile, since of a lost index each would hold all of them.
 */
const sharedMs = 10_000;
const minRead = 50;
/** Comparisons of others that somebody waits for: where what is made holds for no time at all, each makes their own in the end. */
const maxShared = 2;
/** A comparison of a lost index that takes longer holds for some times that: all of it is made anew. */
const expensiveMs = 250;
const maxMendedMs = 10_000;
/** Who fetches a broken package again and again must not make the registry list all its tags each time. */
const suspectedAgainMs = 1_000;

export function createServedIndex(deps: ServedIndexDeps): ServedIndex {
  const { clock, maker } = deps;
  const patience = createPatience(deps);
  const delisted = createDelisted();
  const offers = createOffers();
  let version: { readonly digest: Digest; readonly sentMs: MonotonicMs } | undefined;
  let view: IndexView | undefined;
  let tookMs = 0;
  let suspectedMs = 0;
  let offeredMs = 0;
  let missedMs: MonotonicMs | undefined;
  let comparing: Promise<unknown> | undefined;
  let accepting: Promise<unknown> | undefined;

  const learn = (digest: Digest | undefined, sentMs: MonotonicMs) => {
    if (digest === undefined || sentMs < (version?.sentMs ?? 0)) return;
    version = { digest, sentMs };
  };

  const take = (taken: IndexView) => {
    if (taken.comparedMs < (view?.comparedMs ?? 0)) return;
    if (view?.content !== undefined) delisted.note(view.content, taken.content, clock.monotonicMs());
    view = taken;
    learn(taken.digest, taken.comparedMs);
    deps.onTaken();
  };

  // What was mended may change without a new version: a package may die.
  const isMended = () => view !== undefined && view.createdMs === undefined;
  const mendedMs = () => {
    const isExpensive = view?.isFromScratch === true && tookMs >= expensiveMs;
    return Math.max(deps.freshMs(), isExpensive ? Math.min(maxMendedMs, 4 * tookMs) : 0);
  };
  const heldMs = () => (isMended() ? mendedMs() : deps.heldMs());
  const confirmedMs = () => Math.max(version?.sentMs ?? 0, view?.comparedMs ?? 0) as MonotonicMs;

  return {
    patience,
    async check(ask) {
      const sentMs = clock.monotonicMs();
      const resolved = await ask();
      learn(resolved?.digest, sentMs);
      return resolved && version?.digest;
    },
    isKnownSince: (momentMs) => version !== undefined && version.sentMs > momentMs,
    current(hasVersion, share = 1) {
      if (view === undefined || view.comparedMs < suspectedMs) return undefined;
      if (view.digest !== (hasVersion ? version?.digest : undefined)) return undefined;
      return msSince(clock, view.comparedMs) < share * heldMs() ? view : undefined;
    },
    async accept(which) {
      const taken = which === 'known' ? offers.takeCovering(version?.digest) : offers.takeLast();
      if (taken !== undefined && taken.beganMs >= (view?.comparedMs ?? 0)) {
        const made = verifiedView(maker, taken).then((one) => {
          if (one !== null) take(one);
        });
        accepting = Promise.allSettled([accepting, made]).then(() => undefined);
        await made;
      }
      // What another reader has taken isn't there before its view is.
      await accepting;
    },
    get last() {
      return view;
    },
    async compare(make) {
      const beganMs = clock.monotonicMs();
      const making = make();
      comparing = making;
      try {
        const made = await making;
        tookMs = msSince(clock, beganMs);
        missedMs = made === null ? (missedMs ?? beganMs) : undefined;
        if (made === null) return undefined;
        take(made);
        return view;
      } finally {
        if (comparing === making) comparing = undefined;
      }
    },
    get missedForMs() {
      return missedMs === undefined ? 0 : msSince(clock, missedMs);
    },
    async shared(current, compare, mayShare) {
      let [waited, read, ended]: [Promise<unknown> | undefined, number, number] = [undefined, 0, 0];
      const isNew = () => comparing !== waited || deps.readSoFar() - read >= minRead;
      while (current() === undefined && comparing !== undefined && ended < (mayShare() ? maxShared : 1) && isNew()) {
        [waited, read] = [comparing, deps.readSoFar()];
        if (await settlesWithin(waited, sharedMs, clock)) ended += 1;
      }
      return current() ?? (await compare());
    },
    offer(offer) {
      offeredMs = Math.max(offeredMs, offer.beganMs);
      if (offer.beganMs < (view?.comparedMs ?? 0)) return;
      offers.add(offer);
      if (!offer.isCovering) return;
      learn(offer.compared().stored?.manifestDigest, offer.beganMs);
      patience.end();
    },
    get isOffered() {
      return offers.isAny;
    },
    suspect() {
      if (view !== undefined && msSince(clock, view.comparedMs) >= suspectedAgainMs) suspectedMs = clock.monotonicMs();
    },
    delisted: (fileName) => delisted.find(fileName, clock.monotonicMs()),
    isDue: (share) => view !== undefined && !isMended() && msSince(clock, view.comparedMs) >= share * heldMs(),
    get confirmedMs() {
      return confirmedMs();
    },
    get shownMs() {
      return Math.max(confirmedMs(), offeredMs) as MonotonicMs;
    },
    get lagMs() {
      return isMended() ? mendedMs() : deps.freshMs();
    },
    get weight() {
      return (1 + delisted.count() + (view?.count ?? 0)) * bytesPerRecord + (view?.bytes.length ?? 0);
    },
  };
}
