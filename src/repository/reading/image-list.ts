import { isGatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { CallOptions, Credentials, ImageNames, Store } from '../../store/store.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { IndexViews } from './index-views.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { groupHashOfIndexTag, parsePackageTag } from '../artifacts/package-tag.ts';
import type { Reader } from './reader-rights.ts';
import type { Caller, ListedImages } from '../repository.ts';

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
  const lists = createBoundedCache<{ readonly atMs: number; readonly found: Promise<ListedImages | undefined> }>(1000);
  const kinds = createBoundedCache<{ readonly atMs: number; readonly holdsPackages: boolean }>(100_000);
  const isRecent = ({ atMs }: { readonly atMs: number }, ms: number) => clock.now() - atMs < ms;

  const holdsPackages = async ({ image }: Reader, call: CallOptions): Promise<boolean> => {
    const known = kinds.get(image.image);
    if (known !== undefined && isRecent(known, known.holdsPackages ? kindMs : otherKindMs)) return known.holdsPackages;
    const holds = (await image.tags(call)).some(isOurs);
    kinds.set(image.image, { atMs: clock.now(), holdsPackages: holds });
    return holds;
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
      const reader = readerOf(name, caller);
      try {
        await views.authorize(reader, name, call);
        return await holdsPackages(reader, call);
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
    // While it is being made it is as new as can be.
    lists.set(key, { atMs: Infinity, found });
    found.then(
      () => {
        lists.set(key, { atMs: clock.now(), found });
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
