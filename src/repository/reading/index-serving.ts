import { NOARCH } from '../../apk/architectures.ts';
import { createBoundedCache, createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createGatheredCalls } from '../../concurrency/gathered-calls.ts';
import { GatewayError } from '../../errors.ts';
import type { Clock, Log, Meter } from '../../ports.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicMs } from '../../time/monotonic.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { Look } from '../live/look.ts';
import { stretchOf, stretchedFreshness, type Spent } from './freshness.ts';
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
}

/** How one kind of view is served: see IndexViews. */
export interface IndexServing {
  serve(reader: Reader, group: Group): Promise<Served | undefined>;
  peek(reader: Reader, group: Group): Served | undefined;
  /** Whether the store had nothing for this reader, and has shown nothing since, for as long as what is old may be served. */
  hadNothing(reader: Reader, group: Group): boolean;
  offer(group: Group, seen: Look, beganMs: MonotonicMs): void;
  suspect(group: Group): void;
  delisted(group: Group, fileName: string): IndexedPackage | undefined;
}

/** The share of its time after which a comparison is made anew, so that no reader has to wait for that. */
const renewedAfter = 0.75;

/**
 * Serves what `makeView` makes of the stored versions, each made once for all readers. Those who may not list have a serving
 * of their own: what nobody compared is not for others.
 */
export function createIndexServing(
  deps: IndexServingDeps,
  options: IndexServingOptions,
  rights: ReaderRights,
  makeView: (reader: Reader, group: Group, beganMs: MonotonicMs) => Promise<IndexView | null>,
): IndexServing {
  const { clock, meter, spent } = deps;
  const indexes = createByteBoundedCache<ServedIndex>(options.maxIndexBytes, ({ weight }) => weight);
  const renewals = createGatheredCalls<IndexView | undefined | 'late'>(clock);
  const renewing = new Set<string>();
  /** When readers' own looks began that showed them nothing: nobody else's answer. */
  const nothings = createBoundedCache<MonotonicMs>(10_000);
  /** Since when nothing is shown of a group that has been served. */
  const missedSince = createBoundedCache<MonotonicMs>(10_000);

  // No name has a space in it, and hashing them for each reader would cost more than finding the index.
  const keyOf = ({ image, branch, repository, architecture }: Group) =>
    `${image} ${branch} ${repository} ${architecture}`;
  const readerKeyOf = (reader: Reader, group: Group) => `${keyOf(group)} ${reader.key}`;
  const freshMs = ({ image }: Group) => stretchedFreshness(options.freshnessMs, stretchOf(spent, image));
  const heldMs = ({ image }: Group) => options.recheckMs * stretchOf(spent, image);

  const indexOf = (group: Group): ServedIndex => {
    const key = keyOf(group);
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index: ServedIndex = createServedIndex({
      ...deps,
      freshMs: () => freshMs(group),
      heldMs: () => heldMs(group),
      onTaken: () => {
        indexes.set(key, index);
      },
    });
    indexes.set(key, index);
    return index;
  };

  const hasNothing = (reader: Reader, group: Group, forMs = heldMs(group)) => {
    const since = nothings.get(readerKeyOf(reader, group));
    return since !== undefined && msSince(clock, since) < forMs;
  };

  /** What is known without asking, where that is fresh enough. */
  const known = (reader: Reader, group: Group, index: ServedIndex): IndexView | undefined => {
    const isKnown = index.isKnownSince(clock.monotonicMs() - freshMs(group));
    return isKnown && rights.mayRead(reader, group.image, options.rightsMs) ? index.current(true) : undefined;
  };

  const compareFor = async (reader: Reader, group: Group, index: ServedIndex, hasVersion: boolean) => {
    const beganMs = clock.monotonicMs();
    const view = await index.compare(() => makeView(reader, group, beganMs));
    if (view !== undefined) {
      rights.prove(reader, group.image);
      nothings.delete(readerKeyOf(reader, group));
      missedSince.delete(keyOf(group));
      return view;
    }
    // What the store has just shown this very reader isn't gone because it shows nothing now; but where it goes on to, it is.
    const wasShown = index.last !== undefined && rights.mayRead(reader, group.image, options.rightsMs);
    const since = missedSince.get(keyOf(group)) ?? beganMs;
    missedSince.set(keyOf(group), since);
    if (hasVersion || (wasShown && msSince(clock, since) < lease.absenceApartMs)) throw contradiction(group);
    if (index.last !== undefined) rights.end(reader, group.image);
    nothings.set(readerKeyOf(reader, group), beganMs);
    return undefined;
  };

  /** The index as the store shows it to this reader from now on. One request where nothing has changed. */
  const bringUpToDate = async (reader: Reader, group: Group, share = 1): Promise<IndexView | undefined> => {
    const index = indexOf(group);
    const digest = await index.check(() => rights.resolve(reader, group.image, indexTag(group)));
    const hasVersion = digest !== undefined;
    if (!hasVersion && hasNothing(reader, group)) return undefined;
    await index.accept('known');
    const current = () =>
      rights.mayRead(reader, group.image, options.rightsMs) ? index.current(hasVersion, share) : undefined;
    if (current() === undefined) await index.comparison();
    return current() ?? (await compareFor(reader, group, index, hasVersion));
  };

  /** Shared by all who share rights, each of whom came before it was asked for. */
  const renew = (reader: Reader, group: Group, index: ServedIndex, share = 1) =>
    renewals(readerKeyOf(reader, group), async () => {
      // Whoever waited for the one before may find that fresh enough.
      const view = share === 1 ? known(reader, group, index) : undefined;
      if (view !== undefined) return view;
      const work = () => bringUpToDate(reader, group, share);
      return index.patience.run(reader.key, work, () => hasOld(reader, group, index));
    });

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
  const hadNothing = (reader: Reader, group: Group) => hasNothing(reader, group, staleForMs);
  /** Nobody waits for long to hear again that there is no index of an architecture: noarch's answers for it. */
  const hasOld = (reader: Reader, group: Group, { last }: ServedIndex) =>
    last === undefined
      ? group.architecture !== NOARCH && hadNothing(reader, group)
      : rights.mayRead(reader, group.image, staleForMs);

  const servedOf = (index: ServedIndex, view: IndexView, isStale: boolean): Served => {
    meter?.servedIndex(isStale, msSince(clock, index.confirmedMs));
    return { view, isStale, lagMs: index.lagMs };
  };

  const serveOld = async (reader: Reader, group: Group, index: ServedIndex) => {
    if (!hasOld(reader, group, index)) throw tooSlow(group);
    await index.accept('any');
    if (index.last === undefined) throw tooSlow(group);
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
      const isCovered = seen.stored.has(group.architecture) && seen.isCovered(group.architecture);
      if (isCovered) indexOf(group).offer(comparedIndex(seen, group.architecture, beganMs));
    },

    suspect(group) {
      indexes.get(keyOf(group))?.suspect();
    },

    delisted: (group, fileName) => indexes.get(keyOf(group))?.delisted(fileName),
  };
}

function contradiction({ branch, repository, architecture }: Group): GatewayError {
  const message = `the registry has just shown the index of ${branch}/${repository}/${architecture}, and now nothing`;
  return new GatewayError('STORE_UNAVAILABLE', message, { details: { isContradiction: true } });
}

function tooSlow({ branch, repository, architecture }: Group): GatewayError {
  const message = `the index of ${branch}/${repository}/${architecture} is being made from its packages; try again soon`;
  return new GatewayError('STORE_UNAVAILABLE', message, { details: { retryAfterSeconds: 10 } });
}
