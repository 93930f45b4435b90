import { isGatewayError } from '../../errors.ts';
import type { Clock, Log, Meter } from '../../ports.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { stretchOf, type Spent } from './freshness.ts';
import { comparedIndex, verifiedView, type IndexView } from './index-view.ts';
import { createComparisonWait, createRenewal } from './index-renewal.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { SignIndex } from '../publishing/index-writer.ts';
import { isMended, mendedForMs, nothingYet, weightOf, type Latest } from './latest-index.ts';
import type { Look } from '../live/look.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { Reader, ReaderRights } from './reader-rights.ts';

export interface IndexServingOptions {
  /** For how long a version is taken for the latest before the tag is asked again, in milliseconds. Default 1,000. */
  readonly freshnessMs: number;
  /** How often a version that is read is compared again, in milliseconds. Default 60,000. */
  readonly recheckMs: number;
  /** For how long a caller's right to read is taken from memory, in milliseconds. Default 60,000. */
  readonly rightsMs: number;
  /** For how much longer while the store can't be reached, in milliseconds. Default 600,000. */
  readonly staleMs: number;
  /** The most bytes of indexes that are kept in memory. Default 128 MiB. */
  readonly maxIndexBytes: number;
}

/** A view, and whether it is the last good one because the store could not be asked. */
export interface ServedIndex {
  readonly view: IndexView;
  readonly isStale: boolean;
}

/** How one kind of view is served: see IndexViews. */
export interface IndexServing {
  serve(reader: Reader, group: Group): Promise<ServedIndex | undefined>;
  peek(reader: Reader, group: Group): IndexView | undefined;
  offer(group: Group, seen: Look, beganMs: number): void;
  suspect(group: Group): void;
  delisted(group: Group, fileName: string): IndexedPackage | undefined;
}

/** The share of its time after which what is read is asked for anew, so that no reader has to wait for that. */
const renewedAfter = 0.75;
/** How long the store is left alone after it could not be reached, where an old index can be served. */
const backOffMs = 5_000;

/**
 * Serves what `makeView` makes of the stored versions, each made once for all readers. Those who may not list have a serving
 * of their own: what nobody compared is not for others.
 */
export function createIndexServing(
  deps: {
    readonly clock: Clock;
    readonly log: Log;
    readonly sign: SignIndex;
    readonly meter?: Meter | undefined;
    readonly spent?: Spent | undefined;
  },
  options: IndexServingOptions,
  rights: ReaderRights,
  makeView: (reader: Reader, group: Group) => Promise<IndexView | null>,
): IndexServing {
  const { clock, log, sign, meter, spent } = deps;
  const freshMs = ({ image }: Group) => options.freshnessMs * stretchOf(spent, image);
  const groups = createByteBoundedCache<Latest>(options.maxIndexBytes, weightOf);
  const wait = createComparisonWait(deps);
  // No name has a space in it, and hashing them for each reader would cost more than finding the index.
  const keyOf = ({ image, branch, repository, architecture }: Group) =>
    `${image} ${branch} ${repository} ${architecture}`;

  const latestOf = (group: Group): Latest => {
    const key = keyOf(group);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const latest = nothingYet();
    groups.set(key, latest);
    return latest;
  };

  /** Asks the tag with the reader's own rights, which is both proofs in one: that they may, and which version it is. */
  const check = async (reader: Reader, group: Group, latest: Latest) => {
    const began = clock.now();
    try {
      const resolved = await rights.asking(reader, group.image, () => reader.image.resolve(indexTag(group)));
      latest.failedAtMs = -Infinity;
      if (began < latest.checkedAtMs) return;
      latest.digest = resolved?.digest;
      latest.checkedAtMs = began;
    } catch (error) {
      if (isGatewayError(error, 'STORE_UNAVAILABLE')) latest.failedAtMs = clock.now();
      throw error;
    }
  };

  /** One check for all who share rights, as long as it is fresh enough for each of them. */
  const shareCheck = (reader: Reader, group: Group, latest: Latest): Promise<void> => {
    const running = latest.checking.get(reader.key);
    const beganMs = clock.now();
    if (running !== undefined && beganMs - running.beganMs < freshMs(group)) return running.promise;
    const promise = check(reader, group, latest).finally(() => {
      if (latest.checking.get(reader.key)?.promise === promise) latest.checking.delete(reader.key);
    });
    latest.checking.set(reader.key, { promise, beganMs });
    return promise;
  };

  const take = (group: Group, latest: Latest, view: IndexView | null, beganMs: number) => {
    if (beganMs < latest.comparedAtMs) return;
    if (latest.view?.content !== undefined) latest.delisted.note(latest.view.content, view?.content, clock.now());
    latest.view = view;
    latest.comparedAtMs = beganMs;
    latest.comparingSinceMs = undefined;
    groups.set(keyOf(group), latest);
  };

  const compare = async (reader: Reader, group: Group, latest: Latest) => {
    const began = clock.now();
    const view = await makeView(reader, group);
    latest.comparisonMs = clock.now() - began;
    take(group, latest, view, began);
    if (latest.checkedAtMs > began) return;
    latest.digest = view?.digest;
    latest.checkedAtMs = began;
  };

  const shareComparison = (reader: Reader, group: Group, latest: Latest) => {
    // Not anew with each one that failed: the version before would be served for ever.
    latest.comparingSinceMs ??= clock.now();
    const running =
      latest.comparing.get(reader.key) ??
      compare(reader, group, latest).finally(() => latest.comparing.delete(reader.key));
    latest.comparing.set(reader.key, running);
    return running;
  };

  const awaitComparison = (reader: Reader, group: Group, latest: Latest) => {
    const running = shareComparison(reader, group, latest);
    return wait.await(group, latest, running);
  };

  const takeOffer = async (group: Group, latest: Latest) => {
    const { offered } = latest;
    if (offered === undefined || offered.stored?.manifestDigest !== latest.digest) return;
    latest.offered = undefined;
    if (offered.beganMs >= latest.comparedAtMs) take(group, latest, await verifiedView(sign, offered), offered.beganMs);
  };

  const comparedForMs = (group: Group, latest: Latest) =>
    isMended(latest.view) ? mendedForMs(latest, freshMs(group)) : options.recheckMs * stretchOf(spent, group.image);

  const isCompared = (group: Group, latest: Latest) =>
    latest.view !== undefined &&
    (latest.view?.digest ?? undefined) === latest.digest &&
    latest.comparedAtMs >= latest.suspectedAtMs &&
    clock.now() - latest.comparedAtMs < comparedForMs(group, latest);

  const stale = (reader: Reader, group: Group, latest: Latest): ServedIndex | undefined =>
    latest.view != null && rights.mayRead(reader, group.image, options.rightsMs + options.staleMs)
      ? { view: latest.view, isStale: true }
      : undefined;

  const isKnownTo = (reader: Reader, group: Group, latest: Latest) =>
    clock.now() - latest.checkedAtMs < freshMs(group) && rights.mayRead(reader, group.image, options.rightsMs);

  const bringUpToDate = async (reader: Reader, group: Group, latest: Latest) => {
    if (!isKnownTo(reader, group, latest)) await shareCheck(reader, group, latest);
    await takeOffer(group, latest);
    // Twice: the comparison that was under way may have begun before the version that is wanted was put.
    if (!isCompared(group, latest)) await awaitComparison(reader, group, latest);
    if (!isCompared(group, latest)) await awaitComparison(reader, group, latest);
  };

  const renewAhead = createRenewal(deps, async (reader, group, latest) => {
    if (clock.now() >= latest.checkedAtMs + renewedAfter * freshMs(group)) await shareCheck(reader, group, latest);
    await takeOffer(group, latest);
    const isDue = clock.now() >= latest.comparedAtMs + renewedAfter * comparedForMs(group, latest);
    if (!isDue && isCompared(group, latest)) return;
    await shareComparison(reader, group, latest).catch((error: unknown) => {
      // It still holds: readers haven't begun to wait for the next one.
      if (isCompared(group, latest)) latest.comparingSinceMs = undefined;
      throw error;
    });
  });

  const renewalDueMs = (group: Group, latest: Latest) =>
    Math.min(
      latest.checkedAtMs + renewedAfter * freshMs(group),
      latest.comparedAtMs + renewedAfter * comparedForMs(group, latest),
    );

  const serve = async (reader: Reader, group: Group, latest: Latest): Promise<ServedIndex | undefined> => {
    if (clock.now() - latest.failedAtMs < backOffMs) {
      const old = stale(reader, group, latest);
      if (old !== undefined) return old;
    }
    try {
      await bringUpToDate(reader, group, latest);
    } catch (error) {
      const old = isGatewayError(error, 'STORE_UNAVAILABLE') ? stale(reader, group, latest) : undefined;
      if (old === undefined) throw error;
      log.warn({ ...group, err: error }, 'the store is unavailable, the last good index is served');
      return old;
    }
    return latest.view == null ? undefined : { view: latest.view, isStale: false };
  };

  return {
    async serve(reader, group) {
      const latest = latestOf(group);
      const served = await serve(reader, group, latest);
      if (served !== undefined) meter?.servedIndex(served.isStale, clock.now() - latest.checkedAtMs);
      return served;
    },

    peek(reader, group) {
      const latest = groups.get(keyOf(group));
      if (latest?.view == null || latest.offered !== undefined) return undefined;
      if (!isKnownTo(reader, group, latest) || !isCompared(group, latest)) return undefined;
      if (clock.now() >= renewalDueMs(group, latest)) renewAhead(reader, group, latest);
      meter?.servedIndex(false, clock.now() - latest.checkedAtMs);
      return latest.view;
    },

    offer(group, seen, beganMs) {
      const stored = seen.stored.get(group.architecture);
      if (stored === undefined || !seen.isCovered(group.architecture)) return;
      const latest = latestOf(group);
      if (beganMs < Math.max(latest.comparedAtMs, latest.offered?.beganMs ?? -Infinity)) return;
      latest.offered = comparedIndex(seen, group.architecture, beganMs);
      if (beganMs < latest.checkedAtMs) return;
      latest.digest = stored.manifestDigest;
      latest.checkedAtMs = beganMs;
    },

    suspect(group) {
      const latest = latestOf(group);
      // Who fetches a broken package again and again must not make the registry list all its tags each time.
      if (clock.now() - latest.comparedAtMs >= options.freshnessMs) latest.suspectedAtMs = clock.now();
    },

    delisted: (group, fileName) => groups.get(keyOf(group))?.delisted.find(fileName, clock.now()),
  };
}
