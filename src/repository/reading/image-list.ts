import { isGatewayError, type GatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { CallOptions, Credentials, ImageNames, Store } from '../../store/store.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createKeptCalls } from '../../concurrency/kept-calls.ts';
import type { IndexViews } from '../views/index-views.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { groupHashOfIndexTag, parsePackageTag } from '../artifacts/package-tag.ts';
import type { Reader } from '../views/reader-rights.ts';
import type { Caller } from '../service/caller.ts';
import type { ListedImages } from '../service/catalog.ts';

export interface ImageListDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly views: Pick<IndexViews, 'authorize'>;
  readonly readerOf: (image: string, caller: Caller) => Reader;
  readonly callerKey: (credentials: Credentials) => string;
  readonly log: Log;
  /** For how long a caller's rights are taken from memory, in milliseconds, and so what depends on them. */
  readonly rightsMs: number;
}

/** Images that one call looks at; a registry may hold many more, of all kinds. */
const maxImages = 1000;
const concurrency = 8;
const deadlineMs = 5000;
/** For how long a caller's list, and what an image holds, are taken from memory at most; a list is made within that time. */
const listMs = deadlineMs;
const kindMs = 300_000;
const otherKindMs = 60_000;

/**
 * RepositoryCatalog.images: the store's list, less what holds no packages and what this caller may not read. Each caller's list
 * is made at most once in a while, whoever asks for it meanwhile, since it takes a request for each image.
 */
export function createImageList({ store, clock, views, readerOf, callerKey, log, rightsMs }: ImageListDeps) {
  const lists = createKeptCalls<ListedImages | undefined>({
    max: 1000,
    life: { clock, ttlMs: Math.min(listMs, rightsMs) },
  });
  const holding = createBoundedCache<boolean>(100_000, { clock });

  /** Whether an image holds packages, as far as it shows this caller anything. */
  const showsPackages = async (reader: Reader, name: string, call: CallOptions): Promise<boolean> => {
    const known = holding.get(name);
    if (known !== undefined) return known && (await views.authorize(reader, name, call));
    const tags = await reader.image.tags(call);
    const holdsPackages = tags.some(isOurs);
    // That nothing is shown to this caller says nothing to others.
    if (tags.length > 0) holding.set(name, holdsPackages, holdsPackages ? kindMs : otherKindMs);
    return holdsPackages;
  };

  const namesFor = ({ credentials }: Caller, call: CallOptions): Promise<ImageNames | undefined> =>
    store.imageNames(credentials, { ...call, max: maxImages }).catch((error: unknown) => {
      // A store that is away isn't an empty one.
      if (!isGatewayError(error) || isAway(error)) throw error;
      log.debug({ err: error }, 'the store shows no list of images to this caller');
      return undefined;
    });

  const list = async (caller: Caller): Promise<ListedImages | undefined> => {
    const call = { signal: AbortSignal.timeout(deadlineMs) };
    const found = await namesFor(caller, call);
    if (found === undefined) return undefined;
    let isComplete = found.isComplete;
    const faults: GatewayError[] = [];
    const shown = await inParallel(found.names, concurrency, async (name) => {
      try {
        return await showsPackages(readerOf(name, caller), name, call);
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        // What this caller may not read isn't missing from their list.
        if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) return false;
        isComplete = false;
        faults.push(error);
        return false;
      }
    });
    // Nothing could be looked at: to say that there is nothing would be a lie.
    const [fault] = faults;
    if (fault !== undefined && isAway(fault) && faults.length === found.names.length) throw fault;
    return { names: found.names.filter((_, i) => shown[i] === true).toSorted(), isComplete };
  };

  return (caller: Caller): Promise<ListedImages | undefined> =>
    lists(callerKey(caller.credentials), () => list(caller));
}

function isAway(error: GatewayError): boolean {
  return error.code === 'STORE_UNAVAILABLE' || error.code === 'ABORTED';
}

function isOurs(tag: string): boolean {
  return groupHashOfIndexTag(tag) !== undefined || parsePackageTag(tag) !== undefined;
}
