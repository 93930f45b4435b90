import { isGatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { CallOptions, Credentials, ImageNames, Store } from '../../store/store.ts';
import { msSince, type MonotonicMs } from '../../time/monotonic.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { IndexViews } from './index-views.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { groupHashOfIndexTag, parsePackageTag } from '../artifacts/package-tag.ts';
import type { Reader } from './reader-rights.ts';
import type { Caller } from '../service/caller.ts';
import type { ListedImages } from '../service/catalog.ts';

export interface ImageListDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly views: Pick<IndexViews, 'authorize'>;
  readonly callerKey: (credentials: Credentials) => string;
  readonly log: Log;
}

type ReaderOf = (image: string, caller: Caller) => Reader;

/** Images that one call looks at; a registry may hold many more, of all kinds. */
const maxImages = 1000;
const concurrency = 8;
const deadlineMs = 5000;
/** For how long a caller's list, and what an image holds, are taken from memory. */
const listMs = 2_000;
const kindMs = 300_000;
const otherKindMs = 60_000;

/**
 * Repositories.images: the store's list, less what holds no packages and what this caller may not read. Each caller's list is
 * made at most once in a while, whoever asks for it meanwhile, since it takes a request for each image.
 */
export function createImageList({ store, clock, views, callerKey, log }: ImageListDeps) {
  const lists = createBoundedCache<{
    /** Undefined while it is being made. */
    readonly atMs: MonotonicMs | undefined;
    readonly found: Promise<ListedImages | undefined>;
  }>(1000);
  const kinds = createBoundedCache<{ readonly atMs: MonotonicMs; readonly holdsPackages: boolean }>(100_000);
  const isRecent = ({ atMs }: { readonly atMs: MonotonicMs | undefined }, ms: number) =>
    atMs === undefined || msSince(clock, atMs) < ms;

  /** Whether an image holds packages, as far as it shows this caller anything. */
  const showsPackages = async (reader: Reader, name: string, call: CallOptions): Promise<boolean> => {
    const known = kinds.get(name);
    if (known !== undefined && isRecent(known, known.holdsPackages ? kindMs : otherKindMs))
      return known.holdsPackages && (await views.authorize(reader, name, call));
    const tags = await reader.image.tags(call);
    const holdsPackages = tags.some(isOurs);
    // That nothing is shown to this caller says nothing to others.
    if (tags.length > 0) kinds.set(name, { atMs: clock.monotonicMs(), holdsPackages });
    return holdsPackages;
  };

  const namesFor = ({ credentials }: Caller, call: CallOptions): Promise<ImageNames | undefined> =>
    store.imageNames(credentials, { ...call, max: maxImages }).catch((error: unknown) => {
      if (!isGatewayError(error)) throw error;
      log.debug({ err: error }, 'the store shows no list of images to this caller');
      return undefined;
    });

  const list = async (caller: Caller, readerOf: ReaderOf): Promise<ListedImages | undefined> => {
    const call = { signal: AbortSignal.timeout(deadlineMs) };
    const found = await namesFor(caller, call);
    if (found === undefined) return undefined;
    let isComplete = found.isComplete;
    const shown = await inParallel(found.names, concurrency, async (name) => {
      try {
        return await showsPackages(readerOf(name, caller), name, call);
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        // What this caller may not read isn't missing from their list.
        if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) isComplete = false;
        return false;
      }
    });
    return { names: found.names.filter((_, i) => shown[i] === true).toSorted(), isComplete };
  };

  return (caller: Caller, readerOf: ReaderOf): Promise<ListedImages | undefined> => {
    const key = callerKey(caller.credentials);
    const known = lists.get(key);
    if (known !== undefined && isRecent(known, listMs)) return known.found;
    const found = list(caller, readerOf);
    lists.set(key, { atMs: undefined, found });
    found.then(
      () => {
        lists.set(key, { atMs: clock.monotonicMs(), found });
      },
      () => {
        lists.delete(key);
      },
    );
    return found;
  };
}

function isOurs(tag: string): boolean {
  return groupHashOfIndexTag(tag) !== undefined || parsePackageTag(tag) !== undefined;
}
