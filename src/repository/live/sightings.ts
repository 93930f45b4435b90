import { createBoundedCache, type BoundedCache } from '../../concurrency/bounded-cache.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { createShareWords, type ShareWords } from './shared-words.ts';

/**
 * What this replica itself has seen of an image's package tags: the third witness beside the listing and the index. Losing
 * it loses nothing, it only makes the others' lag show; so it is bounded and in memory.
 */
export interface Sightings {
  /** This replica put the tag. Nothing is made of it by this replica's word alone until it is vouched for. */
  put(tag: string, pkg: PackageRecord): void;
  /** A listing has shown the own tag, or isn't waited for any longer: for a while it is asked for, whatever listings say. */
  vouch(tag: string): void;
  /** The store answered for the tag. */
  found(tag: string, pkg: PackageRecord): void;
  /** Does what asks for the tag; until it ends, `isAsked` is true. */
  asking<T>(tag: string, ask: () => Promise<T>): Promise<T>;
  /** A record that was read: the same, in as little memory as many of them may take. */
  readonly shareWords: ShareWords;
  /** A tombstone was seen, or this replica removed the tag. */
  buried(tag: string): void;
  /** The store says that it has no such tag. Returns whether that is proof: it said so before, some time ago. */
  missed(tag: string): boolean;
  /** The answer for the tag was no package of ours. Returns whether that is proof: it was so before, some time ago. */
  garbled(tag: string): boolean;
  /** The listing and an index show the tag after all. */
  returned(tag: string): void;
  /** A listing was waited for without success: it is behind by more than a push may wait. */
  lagged(): void;
  /** The pusher of the tag never withdraws it any more. */
  held(tag: string): void;
  /** This replica told a pusher that the tag is published. */
  acknowledged(tag: string): void;

  isAsked(tag: string): boolean;
  /** How often the store has answered for a tag so far. */
  foundCount(): number;
  /** What the tag holds, if ever seen: it never changes. */
  recordOf(tag: string): PackageRecord | undefined;
  /** Whether the tag was put or found so lately that it needn't be asked for where the listing shows it. */
  isFresh(tag: string): boolean;
  /** Whether the tag was found by name that lately. */
  isFound(tag: string): boolean;
  /** Whether proof of the tag's death was seen so lately that listings may not show it yet. */
  isBuried(tag: string): boolean;
  /** Whether the tag's absence was proven by asking twice. */
  isAbsent(tag: string): boolean;
  /** Whether the tag was last found to be nothing of ours, and needn't be read again yet. */
  isGarbled(tag: string): 'once' | 'always' | undefined;
  isHeld(tag: string): boolean;
  /** Whether this replica acknowledged the tag so lately that others' looks and puts may not show it yet. */
  standsBy(tag: string): boolean;
  /** Whether this replica has known of the tag for so long that a living pusher would have withdrawn it. */
  isOverdue(tag: string): boolean;
  /** Tags of which `isBuried` is true. */
  buriedTags(): readonly string[];
  /** Tags of which `isAbsent` is true. */
  absentTags(): readonly string[];
  /** Tags that the store once said it has not, and that nothing has shown since. */
  missedTags(): readonly string[];
  /** Tags that are held, as far as no index is known to say so. */
  heldTags(): readonly string[];
  /** Tags that this replica vouches for. */
  ownTags(): readonly string[];
  /** Whether a listing was waited for without success lately. */
  isLagging(): boolean;
}

/** What a tag holds, and when and how this replica saw it last. */
interface Known {
  readonly pkg: PackageRecord;
  readonly sinceMs: MonotonicMs;
  how: 'put' | 'found' | undefined;
  freshMs: MonotonicMs;
}

const maxTags = 100_000;
const maxHeld = 10_000;

/** The memory of one image. */
export function createSightings(clock: MonotonicClock): Sightings {
  const lasting = <V extends object | string | number | boolean>(ttlMs: number) =>
    createBoundedCache<V>(maxTags, { clock, ttlMs });
  const own = lasting<true>(lease.memoryMs);
  const buried = lasting<true>(lease.memoryMs);
  const foreign = lasting<true>(lease.memoryMs);
  const standsBy = lasting<true>(lease.standByMs);
  const lagging = lasting<true>(lease.laggingMs);
  const missedAt = lasting<MonotonicMs>(Infinity);
  const garbledAt = lasting<MonotonicMs>(Infinity);
  const absent = lasting<true>(Infinity);
  // One map where two would do, and no cache: of a large image each takes a tenth of what the tags hold.
  const known = new Map<string, Known>();
  const held = createBoundedCache<true>(maxHeld);
  const underWay = new Set<string>();
  let foundCount = 0;

  /** Whether something happened at least so long ago. */
  const isPast = (at: MonotonicMs | undefined, ms: number) => at !== undefined && msSince(clock, at) >= ms;
  const note = (moments: BoundedCache<MonotonicMs>, tag: string): MonotonicMs => {
    const first = moments.get(tag) ?? clock.monotonicMs();
    moments.set(tag, first);
    return first;
  };
  const returned = (tag: string) => {
    for (const doubts of [missedAt, absent, garbledAt, foreign]) doubts.delete(tag);
  };
  const know = (tag: string, pkg: PackageRecord, how: 'put' | 'found') => {
    const nowMs = clock.monotonicMs();
    // Whole numbers take no objects of their own. Each is rounded to where nothing is believed too early, or for too long.
    const sinceMs = known.get(tag)?.sinceMs ?? (Math.ceil(nowMs) as MonotonicMs);
    known.delete(tag);
    const [oldest] = known.size === maxTags ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    known.set(tag, { pkg, sinceMs, how, freshMs: Math.floor(nowMs) as MonotonicMs });
    returned(tag);
  };
  const freshness = (tag: string) => {
    const seen = known.get(tag);
    return seen === undefined || isPast(seen.freshMs, lease.foundMs) ? undefined : seen.how;
  };
  const doubt = (tag: string) => {
    const seen = known.get(tag);
    if (seen !== undefined) seen.how = undefined;
  };

  return {
    put(tag, pkg) {
      know(tag, pkg, 'put');
    },
    found(tag, pkg) {
      foundCount += 1;
      know(tag, pkg, 'found');
    },
    async asking(tag, ask) {
      underWay.add(tag);
      return await ask().finally(() => underWay.delete(tag));
    },
    shareWords: createShareWords(),
    returned,
    vouch(tag) {
      own.set(tag, true);
    },
    buried(tag) {
      buried.set(tag, true);
      doubt(tag);
      own.delete(tag);
    },
    missed(tag) {
      doubt(tag);
      if (!isPast(note(missedAt, tag), lease.absenceApartMs)) return false;
      absent.set(tag, true);
      own.delete(tag);
      return true;
    },
    garbled(tag) {
      if (!isPast(note(garbledAt, tag), lease.garbledApartMs)) return false;
      foreign.set(tag, true);
      return true;
    },
    lagged() {
      lagging.set('', true);
    },
    held(tag) {
      held.set(tag, true);
    },
    acknowledged(tag) {
      standsBy.set(tag, true);
    },
    isAsked: (tag) => underWay.has(tag),
    foundCount: () => foundCount,
    recordOf: (tag) => known.get(tag)?.pkg,
    isFresh: (tag) => freshness(tag) !== undefined,
    isFound: (tag) => freshness(tag) === 'found',
    isBuried: (tag) => buried.get(tag) === true,
    isGarbled(tag) {
      if (foreign.get(tag) === true) return 'always';
      const at = garbledAt.get(tag);
      return at === undefined || isPast(at, lease.garbledApartMs) ? undefined : 'once';
    },
    isHeld: (tag) => held.get(tag) === true,
    standsBy: (tag) => standsBy.get(tag) === true,
    isOverdue: (tag) => isPast(known.get(tag)?.sinceMs, lease.loserMs),
    buriedTags: () => [...buried.keys()],
    isAbsent: (tag) => absent.get(tag) === true,
    absentTags: () => [...absent.keys()],
    missedTags: () => [...missedAt.keys()],
    heldTags: () => [...held.keys()],
    ownTags: () => [...own.keys()],
    isLagging: () => lagging.get('') === true,
  };
}
