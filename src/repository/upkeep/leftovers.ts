import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import { stampOf, type Stamp } from '../../time/stamps.ts';
import {
  barOf,
  contentKeyOf,
  keptBy,
  keptTagOf,
  parsePackageTag,
  peekKind,
  tombstoneOf,
} from '../artifacts/package-tag.ts';
import { readKept } from '../keeping/kept-packages.ts';
import { shownTags, type Look } from '../live/look.ts';
import { readGrave } from '../publishing/burial.ts';

export interface LeftoverOptions {
  /** How long the tombstone of what somebody deleted stays, in milliseconds; no less than any other. */
  readonly historyMs: number;
}

/** What of the dead nobody needs any more. */
export interface Leftovers {
  /** Old tombstones that a look shows, a few at a time. */
  graves(image: ImageStore, seen: Look, call: CallOptions): Promise<readonly string[]>;
  /** Tags that keep what can't be fetched any more, or is listed again; a few at a time. */
  kept(image: ImageStore, seen: Look, call: CallOptions): Promise<readonly string[]>;
}

/** From when on what a tag says is over, in milliseconds of the epoch; undefined where nobody can tell yet. */
type ReadDue = (tag: string) => Promise<number | undefined>;

/** The most that one publish clears away, and that are remembered. */
const maxGraves = 4;
const maxKept = 16;
const maxRemembered = 10_000;
const youngMs = 60_000;
const concurrency = 4;

/** The memory of one image. */
export function createLeftovers(
  { clock, stamp }: { readonly clock: MonotonicClock; readonly stamp: () => Stamp },
  { historyMs }: LeftoverOptions,
): Leftovers {
  /** When this replica first saw something that may be over. */
  const seenAt = createBoundedCache<MonotonicMs>(maxRemembered, { clock });
  /** From when on it is, as its manifest says. */
  const dueAt = createBoundedCache<Stamp>(maxRemembered);

  const isKnownFor = (tag: string, ms: number) => {
    const at = seenAt.get(tag) ?? clock.monotonicMs();
    seenAt.set(tag, at);
    return msSince(clock, at) >= ms;
  };
  const isLongKnown = (tag: string) => isKnownFor(tag, lease.graveMs);

  const dueOf = async (tag: string, read: ReadDue) => {
    const due = dueAt.get(tag) ?? (await read(tag));
    if (due === undefined) return undefined;
    dueAt.set(tag, stampOf(due));
    return stampOf(due);
  };

  /** The first of the tags that are due, read where that isn't known, no more than a few at a time. */
  const dueAmong = async (tags: readonly string[], max: number, read: ReadDue) => {
    const asked = tags.filter((tag) => (dueAt.get(tag) ?? 0) <= stamp()).slice(0, max);
    const due = await inParallel(asked, concurrency, (tag) => dueOf(tag, read));
    return asked.filter((_tag, i) => (due[i] ?? Infinity) <= stamp());
  };

  return {
    async graves(image, seen, call) {
      const old = shownTags(seen, ['tombstone']).filter((tag) => isOlder(tag, stamp()));
      const diesAt = async (tag: string) => {
        const { reason, createdMs } = await readGrave(image, tag, call);
        return reason === 'withdrawn' || createdMs === undefined ? 0 : createdMs + historyMs;
      };
      return await dueAmong(old.filter(isLongKnown), maxGraves, historyMs > lease.tombstoneMs ? diesAt : atOnce);
    },

    async kept(image, seen, call) {
      const kept = shownTags(seen, ['kept', 'withdrawn']);
      const bars = shownTags(seen, ['barred']);
      if (kept.length + bars.length === 0) return [];
      const shown = new Set(bars.length === 0 ? [] : seen.listing);
      const live = heldContents(seen);
      const isVoid = (tag: string) => live.has(contentKeyOf(tag));
      const endsAt = async (tag: string) => {
        const found = await readKept(image, tag, call);
        // One odd answer ends nobody's grace.
        if (found === undefined) return isKnownFor(`unread ${tag}`, lease.absenceApartMs) ? 0 : undefined;
        const { why, fetchableUntil = 0 } = found.kept.keeping;
        return why === 'withdrawn' ? Infinity : fetchableUntil;
      };
      // Nobody says of withdrawn ones that they are over; what is listed again may be about to leave the index this moment.
      const over = await dueAmong(
        // What was just kept needn't be read.
        kept.filter((tag) => peekKind(tag) === 'kept' && !shown.has(barOf(tag)) && isKnownFor(tag, youngMs)),
        maxKept,
        endsAt,
      );
      const barred = kept.filter((tag) => peekKind(tag) === 'kept' && shown.has(barOf(tag)));
      // While the death itself is known, somebody's put may still land.
      const isForgotten = (bar: string) => !besideOf(bar).some((tag) => shown.has(tag)) && isLongKnown(bar);
      const done = [...over, ...barred, ...bars.filter(isForgotten), ...kept.filter(isVoid).filter(isLongKnown)];
      return done.slice(0, maxKept);
    },
  };
}

/** A package tag with all that may be beside it, but for a bar. */
function besideOf(bar: string): readonly string[] {
  const tag = keptBy(bar);
  return [tag, tombstoneOf(tag), keptTagOf(tag, 'kept'), keptTagOf(tag, 'withdrawn')];
}

function atOnce(): Promise<number> {
  return Promise.resolve(0);
}

function isOlder(tombstone: string, now: Stamp): boolean {
  const parsed = parsePackageTag(tombstone);
  return parsed !== undefined && parsed.seconds * 1000 < now - lease.tombstoneMs;
}

/** Contents that a live tag of a listing has and keeps: whoever put one that isn't held may take it back, however late. */
function heldContents({ listing, facts }: Look): ReadonlySet<string> {
  const shown = new Set(listing);
  const isLive = (tag: string) => peekKind(tag) === 'package' && !shown.has(tombstoneOf(tag)) && facts.isHeld(tag);
  return new Set(listing.filter(isLive).map(contentKeyOf));
}
