import { isGatewayError } from '../errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { CallOptions, Credentials, ImageNames, Store } from '../store/store.ts';
import { createBoundedMap } from './bounded-map.ts';
import type { IndexViews } from './index-views.ts';
import { mapBounded } from './map-bounded.ts';
import { groupHashOfIndexTag, parsePackageTag } from './package-tag.ts';
import type { Reader } from './reader-rights.ts';
import type { Caller, ListedImages } from './repository.ts';

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
/** For how long the store's list, and what an image holds, are taken from memory. */
const namesMs = 2_000;
const kindMs = 300_000;
const otherKindMs = 60_000;

/** Repositories.images: the store's list, less what holds no packages and what this caller may not read. */
export function createImageList({ store, clock, views, callerKey, log }: ImageListDeps) {
  const lists = createBoundedMap<{ readonly atMs: number; readonly found: ImageNames }>(1000);
  const kinds = createBoundedMap<{ readonly atMs: number; readonly holdsPackages: boolean }>(100_000);
  const recent = <T extends { readonly atMs: number }>(known: T | undefined, ms: number) =>
    known !== undefined && clock.now() - known.atMs < ms ? known : undefined;

  const namesFor = async ({ credentials }: Caller, call: CallOptions) => {
    const key = callerKey(credentials);
    const known = recent(lists.get(key), namesMs);
    if (known !== undefined) return known.found;
    const found = await store.imageNames(credentials, { ...call, max: maxImages });
    if (found !== undefined) lists.set(key, { atMs: clock.now(), found });
    return found;
  };

  const holdsPackages = async ({ image }: Reader, call: CallOptions): Promise<boolean> => {
    const known = kinds.get(image.image);
    if (recent(known, known?.holdsPackages === true ? kindMs : otherKindMs)) return known?.holdsPackages === true;
    const holds = (await image.tags(call)).some(isOurs);
    kinds.set(image.image, { atMs: clock.now(), holdsPackages: holds });
    return holds;
  };

  return async (caller: Caller, readerOf: ReaderOf, call: CallOptions = {}): Promise<ListedImages | undefined> => {
    const late = AbortSignal.timeout(deadlineMs);
    const signal = call.signal === undefined ? late : AbortSignal.any([call.signal, late]);
    const found = await namesFor(caller, { signal }).catch((error: unknown) => {
      if (!isGatewayError(error)) throw error;
      log.debug({ err: error }, 'the store shows no list of images to this caller');
      return undefined;
    });
    if (found === undefined) return undefined;
    let isComplete = found.isComplete;
    const shown = await mapBounded(found.names, concurrency, async (name) => {
      const reader = readerOf(name, caller);
      try {
        await views.authorize(reader, name, { signal });
        return await holdsPackages(reader, { signal });
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        // What this caller may not read isn't missing from their list.
        if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) isComplete = false;
        return false;
      }
    });
    return { names: found.names.filter((_, i) => shown[i] === true).toSorted(), isComplete };
  };
}

function isOurs(tag: string): boolean {
  return groupHashOfIndexTag(tag) !== undefined || parsePackageTag(tag) !== undefined;
}
