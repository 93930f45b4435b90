import type { Clock } from '../../ports.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { tagTimeMs } from '../artifacts/package-tag.ts';

export interface SightingOptions {
  /** How long a registry may lag, in milliseconds: a younger tag's 404 proves nothing. Default 300,000. */
  readonly graceMs: number;
  /** For how long a tag that was found by name isn't asked for again, in milliseconds. Default 30,000. */
  readonly foundMs: number;
}

/**
 * What this replica itself has seen of an image's package tags: the third witness beside the listing and the index. Losing
 * it loses nothing, it only makes the others' lag show; so it is bounded and in memory.
 */
export interface Sightings {
  /** This replica put the tag. It lives by this replica's word alone only from `claimed` on. */
  put(tag: string, pkg: PackageRecord): void;
  /** A listing has shown the own tag, or isn't waited for any longer: from now on it lives, whatever listings say. */
  claimed(tag: string): void;
  /** A listing was waited for in vain: it is behind by more than a push may wait. */
  lagged(): void;
  /** The store answered for the tag. */
  found(tag: string, pkg: PackageRecord): void;
  /** This replica removed the tag, or saw proof that it is gone. */
  dead(tag: string): void;
  /** The store has no such tag; returns whether that is final by now. */
  missed(tag: string, tagTimeMs: number): boolean;
  /** What stands under the tag is no package of ours. */
  foreign(tag: string): void;
  /** This replica told a pusher that the tag is published. */
  acknowledged(tag: string): void;

  /** What stands under the tag, if ever seen: it never changes. */
  recordOf(tag: string): PackageRecord | undefined;
  /** Whether the tag was put or found so lately that it needn't be asked for. */
  isFresh(tag: string): boolean;
  isDead(tag: string): boolean;
  /** Whether the tag was found to be nothing of ours so lately that it isn't read again. */
  isForeign(tag: string): boolean;
  isAcknowledged(tag: string): boolean;
  /**
   * Whether this replica stands by what it acknowledged, whatever an index lists instead. Only while others' looks and puts
   * may not show it yet: two replicas that acknowledged two contents of one name must agree in the end.
   */
  standsBy(tag: string): boolean;
  /** The tags that this replica knows to be dead. */
  deadTags(): readonly string[];
  /** The tags that this replica put within the grace period, and claimed. */
  ownTags(): readonly string[];
  /** Whether a listing was waited for in vain lately. */
  isLagging(): boolean;
}

/** For how long no push waits for a listing once one did so in vain. */
const laggingMs = 600_000;

/** The memory of one image. */
export function createSightings(
  { clock }: { readonly clock: Clock },
  { graceMs, foundMs }: SightingOptions,
): Sightings {
  const puts = createBoundedCache<number>(100_000);
  const foundAt = createBoundedCache<number>(100_000);
  const deadAt = createBoundedCache<number>(100_000);
  const missedAt = createBoundedCache<number>(10_000);
  const foreignAt = createBoundedCache<number>(100_000);
  const acknowledged = createBoundedCache<true>(100_000);
  const records = createBoundedCache<PackageRecord>(100_000);
  let laggedAtMs = -Infinity;
  const isWithin = (at: number | undefined, ms: number) => at !== undefined && clock.now() - at < ms;

  return {
    put(tag, pkg) {
      records.set(tag, pkg);
      foundAt.set(tag, clock.now());
    },
    claimed(tag) {
      // By when it was made, not by when the answer came: whoever deletes an old tag puts no tombstone.
      puts.set(tag, tagTimeMs(tag));
    },
    lagged() {
      laggedAtMs = clock.now();
    },
    found(tag, pkg) {
      records.set(tag, pkg);
      foundAt.set(tag, clock.now());
      missedAt.delete(tag);
    },
    dead(tag) {
      deadAt.set(tag, clock.now());
      foundAt.delete(tag);
      puts.delete(tag);
    },
    missed(tag, tagTimeMs) {
      const first = missedAt.get(tag) ?? clock.now();
      missedAt.set(tag, first);
      foundAt.delete(tag);
      return clock.now() - tagTimeMs >= graceMs || clock.now() - first >= graceMs;
    },
    foreign(tag) {
      foreignAt.set(tag, clock.now());
    },
    acknowledged(tag) {
      acknowledged.set(tag, true);
    },
    recordOf: (tag) => records.get(tag),
    isFresh: (tag) => isWithin(foundAt.get(tag), foundMs),
    isDead: (tag) => isWithin(deadAt.get(tag), graceMs),
    isForeign: (tag) => isWithin(foreignAt.get(tag), graceMs),
    isAcknowledged: (tag) => acknowledged.get(tag) === true,
    standsBy: (tag) => acknowledged.get(tag) === true && isWithin(tagTimeMs(tag), 2 * graceMs),
    deadTags() {
      for (const [tag, at] of deadAt.entries()) if (!isWithin(at, graceMs)) deadAt.delete(tag);
      return [...deadAt.keys()];
    },
    ownTags() {
      for (const [tag, at] of puts.entries()) if (!isWithin(at, graceMs)) puts.delete(tag);
      return [...puts.keys()];
    },
    isLagging: () => isWithin(laggedAtMs, laggingMs),
  };
}
