import { NOARCH } from '../../apk/architectures.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createGatheredCalls } from '../../concurrency/gathered-calls.ts';
import { GatewayError } from '../../errors.ts';
import type { Clock, Log, Meter } from '../../ports.ts';
import { msSince, type MonotonicMs } from '../../time/monotonic.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { Look } from '../live/look.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import { stretchOf, stretchedFreshness, type Spent } from './freshness.ts';
import { createIndexRenewal, type MakeView, type ResolveVersion } from './index-renewal.ts';
import { comparedIndex, type IndexView, type ViewMaker } from './index-view.ts';
import type { Reader, ReaderRights } from './reader-rights.ts';
import { createServedIndex, type ServedIndex } from './served-index.ts';

export interface IndexServingOptions {
  /**
   * For how long a version is taken for the latest before the tag is asked again, in milliseconds. At 0, the default, a reader
   * is given only what the store said after they came, so that what any replica acknowledged before is there.
   */
  readonly freshnessMs: number;
  /** How often a version that is read is compared again, in milliseconds. */
  readonly recheckMs: number;
  /** For how long a caller's right to read is taken from memory, in milliseconds. */
  readonly rightsMs: number;
  /** For how much longer while the store can't be reached, in milliseconds. */
  readonly staleMs: number;
  /** The most bytes of indexes that are kept in memory. Default 128 MiB. */
  readonly maxIndexBytes: number;
}

/** An index as it is given to one reader. */
export interface Served {
  readonly view: IndexView;
  /** Whether it is the last good one because the store could not be asked in time. */
  readonly isStale: boolean;
  /** For how long, in ms, something that another replica acknowledged may be missing. */
  readonly lagMs: number;
}

export interface IndexServingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly maker: ViewMaker;
  readonly meter?: Meter | undefined;
  readonly spent?: Spent | undefined;
  /** How many packages of an image were read so far: what has to read very many of them is waited for while it grows. */
  readonly readSoFar?: ((image: string) => number) | undefined;
}

/** Indexes as readers are given them, and what others tell of them. */
export interface IndexServing {
  /** The group's index as this reader may see it; undefined where the store has nothing for them. */
  serve(reader: Reader, group: Group): Promise<Served | undefined>;
  /** What `serve` would say without asking anybody; undefined where it would have to ask, or there is nothing. */
  peek(reader: Reader, group: Group): Served | undefined;
  /** Whether the store had nothing for this reader, and has shown nobody anything since, for as long as what is old may be served. */
  hadNothing(reader: Reader, group: Group): boolean;
  /** Takes over what a look of the publisher, begun at `beganMs`, has shown: it is served at once, whatever failed before. */
  offer(group: Group, seen: Look, beganMs: MonotonicMs): void;
  /** Something that the index lists could not be fetched: it is compared again before it is served again. */
  suspect(group: Group): void;
  /** A repository that is no more, as somebody was told: nothing old of it is served, whatever happens to the store. */
  forget(at: RepositoryCoordinates): void;
  /** What an index that was served within the last minute listed under a name that the one served now doesn't list. */
  delisted(group: Group, fileName: string): IndexedPackage | undefined;
}

/** The share of its time after which a comparison is made again, so that no reader has to wait for that. */
const renewedAfter = 0.75;

/**
 * Serves one kind of view: what `makeView` makes of the stored versions, each made once for all readers. Those who may not list
 * have a serving of their own: what nobody compared is not for others. `resolveVersion` asks for the index tag by default.
 */
export function createIndexServing(
  deps: IndexServingDeps,
  options: IndexServingOptions,
  rights: ReaderRights,
  makeView: MakeView,
  resolveVersion: ResolveVersion = (reader, group) => rights.resolve(reader, group.image, indexTag(group)),
): IndexServing {
  const { clock, meter, spent } = deps;
  const indexes = createByteBoundedCache<ServedIndex>(options.maxIndexBytes, ({ weight }) => weight);
  const renewals = createGatheredCalls<IndexView | undefined | 'late'>(clock);
  const renewing = new Set<string>();
  const forgotten = new WeakSet<ServedIndex>();

  // No name has a space in it, and hashing them for each reader would cost more than finding the index.
  const keyOf = ({ image, branch, repository, architecture }: Group) =>
    `${image} ${branch} ${repository} ${architecture}`;
  const readerKeyOf = (reader: Reader, group: Group) => `${keyOf(group)} ${reader.key}`;
  const freshMs = ({ image }: Group) => stretchedFreshness(options.freshnessMs, stretchOf(spent, image));
  const heldMs = ({ image }: Group) => options.recheckMs * stretchOf(spent, image);

  const renewal = createIndexRenewal(
    { clock, rights, makeView, resolveVersion },
    { rightsMs: options.rightsMs, heldMs, readerKeyOf },
  );

  const indexOf = (group: Group): ServedIndex => {
    const key = keyOf(group);
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index: ServedIndex = createServedIndex({
      ...deps,
      freshMs: () => freshMs(group),
      heldMs: () => heldMs(group),
      readSoFar: () => deps.readSoFar?.(group.image) ?? 0,
      onTaken: () => {
        if (!forgotten.has(index)) indexes.set(key, index);
      },
    });
    indexes.set(key, index);
    return index;
  };

  /** What is known without asking, where that is fresh enough. */
  const known = (reader: Reader, group: Group, index: ServedIndex): IndexView | undefined => {
    const isKnown = index.isKnownSince(clock.monotonicMs() - freshMs(group));
    return isKnown && rights.mayRead(reader, group.image, options.rightsMs) ? index.current(true) : undefined;
  };

  /** Shared by all who share rights, each of whom came before it was asked for, the first of them now. */
  const renew = (reader: Reader, group: Group, index: ServedIndex, share = 1) => {
    const cameMs = clock.monotonicMs();
    return renewals(readerKeyOf(reader, group), async () => {
      // Whoever waited for the one before may find that fresh enough.
      const view = share === 1 ? known(reader, group, index) : undefined;
      if (view !== undefined) return view;
      const work = () => renewal.bringUpToDate(reader, group, index, share);
      return index.patience.run(reader.key, cameMs, work, () => hasOld(reader, group, index));
    });
  };

  /** Asks behind a reader's back for what will soon be too old. */
  const renewAhead = (reader: Reader, group: Group, index: ServedIndex) => {
    const freshFor = freshMs(group);
    const isOldVersion = freshFor > 0 && !index.isKnownSince(clock.monotonicMs() - renewedAfter * freshFor);
    const isDue = isOldVersion || index.isDue(renewedAfter);
    const key = readerKeyOf(reader, group);
    if (!isDue || renewing.has(key)) return;
    renewing.add(key);
    void renew(reader, group, index, renewedAfter)
      .catch((error: unknown) => {
        deps.log.debug({ ...group, err: error }, 'an index could not be renewed ahead of time');
      })
      .finally(() => renewing.delete(key));
  };

  const staleForMs = options.rightsMs + options.staleMs;
  const hadNothing = (reader: Reader, group: Group) =>
    renewal.hadNothing(reader, group, staleForMs, indexes.get(keyOf(group))?.shownMs);
  /**
   * Whether there is something to answer with, or what publishers were shown, of which a view is made then. Nobody waits for long to
   * hear again that there is no index of an architecture: noarch's answers for it.
   */
  const hasOld = (reader: Reader, group: Group, { last, isOffered }: ServedIndex) => {
    const isGood = last === undefined ? isOffered : isGoodIndex(last, group);
    if (isGood) return rights.mayRead(reader, group.image, staleForMs);
    return last === undefined && group.architecture !== NOARCH && hadNothing(reader, group);
  };

  const servedOf = (index: ServedIndex, view: IndexView, isStale: boolean): Served => {
    meter?.servedIndex(isStale, msSince(clock, index.confirmedMs));
    return { view, isStale, lagMs: index.lagMs };
  };

  const serveOld = async (reader: Reader, group: Group, index: ServedIndex) => {
    if (!hasOld(reader, group, index)) throw tooSlow(group);
    await index.accept('any');
    // What was accepted a pusher was shown, and perhaps not this one.
    if (index.last === undefined || !hasOld(reader, group, index)) throw tooSlow(group);
    return servedOf(index, index.last, true);
  };

  return {
    async serve(reader, group) {
      const index = indexOf(group);
      if (index.patience.isLate(reader.key) && hasOld(reader, group, index)) return serveOld(reader, group, index);
      await index.accept('known');
      const view = known(reader, group, index) ?? (await renew(reader, group, index));
      if (view === 'late') return serveOld(reader, group, index);
      if (view === undefined) return undefined;
      renewAhead(reader, group, index);
      return servedOf(index, view, false);
    },

    peek(reader, group) {
      const index = indexes.get(keyOf(group));
      const view = index && known(reader, group, index);
      if (index === undefined || view === undefined) return undefined;
      renewAhead(reader, group, index);
      return servedOf(index, view, false);
    },

    hadNothing,

    offer(group, seen, beganMs) {
      const { architecture } = group;
      // Where no index was ever put, it is for those only who were given one that was made of tags.
      if (!seen.stored.has(architecture) && indexes.get(keyOf(group))?.last === undefined) return;
      const isCovering = seen.isCovered(architecture) && seen.live.unread.size === 0;
      indexOf(group).offer({ beganMs, isCovering, compared: () => comparedIndex(seen, group, beganMs) });
    },

    suspect(group) {
      indexes.get(keyOf(group))?.suspect();
    },

    forget({ image, branch, repository }) {
      const beginning = `${image} ${branch} ${repository} `;
      for (const [key, index] of [...indexes.entries()]) {
        if (!key.startsWith(beginning)) continue;
        forgotten.add(index);
        indexes.delete(key);
      }
    },

    delisted: (group, fileName) => indexes.get(keyOf(group))?.delisted(fileName),
  };
}

/** Tombstones alone show no publisher that there is an architecture: what it pushed of noarch meanwhile wasn't offered here. */
function isGoodIndex({ digest, content }: IndexView, { architecture }: Group): boolean {
  const isOwn = ({ pkg }: IndexedPackage) => pkg.architecture === architecture;
  return architecture === NOARCH || digest !== undefined || content?.files().some(isOwn) === true;
}

function tooSlow({ branch, repository, architecture }: Group): GatewayError {
  const message = `the index of ${branch}/${repository}/${architecture} is being made from its packages; try again soon`;
  return new GatewayError('STORE_UNAVAILABLE', message, { details: { retryAfterSeconds: 10 } });
}
