import { GatewayError, isGatewayError } from '../../errors.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { Look } from '../live/look.ts';
import {
  createIndexServing,
  type IndexServing,
  type IndexServingDeps,
  type IndexServingOptions,
} from './index-serving.ts';
import { comparedIndex, unverifiedView, verifiedView } from './index-view.ts';
import type { MakeView } from './index-renewal.ts';
import type { Reader, ReaderRights } from './reader-rights.ts';

export interface IndexViewDeps extends IndexServingDeps {
  /** A look with this caller's rights. Shared by many, so no one caller's signal ends it. */
  readonly look: (image: ImageStore, group: Group) => Promise<Look>;
  /** The stored index without a comparison, for callers who may not list. */
  readonly readStored: (image: ImageStore, group: Group) => Promise<Pick<Look, 'stored' | 'keys'>>;
}

export interface IndexViews extends IndexServing {
  /** Whether the store shows this reader anything of the image; throws UNAUTHORIZED or FORBIDDEN where it refuses them. */
  authorize(reader: Reader, image: string, call?: CallOptions): Promise<boolean>;
}

/** Serves indexes from memory, one buffer for all readers, each reader's rights asked of the store. */
export function createIndexViews(deps: IndexViewDeps, options: IndexServingOptions, rights: ReaderRights): IndexViews {
  const { maker } = deps;
  /** What a second look at a group couldn't read either: nobody waits for that again. */
  const unreadable = createBoundedCache<ReadonlySet<string>>(1_000, { clock: deps.clock, ttlMs: lease.absenceApartMs });

  const compareByLook: MakeView = async (reader, group, beganMs, last) => {
    const seen = await readAll(JSON.stringify(group), () => deps.look(reader.image, group).catch(asRefusedLook));
    if (seen.stored.has(group.architecture) && seen.listing.length === 0) throw emptyListing(group);
    // What this replica remembers is nothing for somebody whom the store shows nothing.
    if (seen.stored.size === 0 && seen.listing.length === 0) return null;
    return await verifiedView(maker, comparedIndex(seen, group, beganMs), last);
  };
  /**
   * Bad answers hide no package: what is listed and came garbled is read again, once that would be proof. So is all that could
   * not be read, where an index can't be believed: it may list that.
   */
  const readAll = async (key: string, takeLook: () => Promise<Look>) => {
    const seen = await takeLook();
    const { unread, garbled } = seen.live;
    const isForeign = [...seen.stored.values()].some(({ content }) => content === undefined);
    const isNew = (tag: string) => unreadable.get(key)?.has(tag) !== true;
    if (garbled.size === 0 && !(isForeign && [...unread].some(isNew))) return seen;
    await deps.clock.sleep(lease.garbledApartMs);
    const again = await takeLook();
    unreadable.set(key, again.live.unread);
    return again;
  };
  const readAsStored: MakeView = async (reader, group, beganMs) => {
    const { stored, keys } = await deps.readStored(reader.image, group);
    return await unverifiedView(maker, stored.get(group.architecture), keys, beganMs);
  };
  const compared = createIndexServing(deps, options, rights, compareByLook);
  const asStored = createIndexServing(deps, options, rights, readAsStored);
  const servingFor = (reader: Reader, { image }: Group) =>
    rights.isRefusedListing(reader, image) ? asStored : compared;

  return {
    ...compared,
    async serve(reader, group) {
      try {
        return await servingFor(reader, group).serve(reader, group);
      } catch (error) {
        if (!(error instanceof RefusedLook)) throw error;
        deps.log.warn({ ...group, err: error.cause }, 'this caller may not list tags: the index goes out as stored');
        rights.refuseListing(reader, group.image);
        return await asStored.serve(reader, group);
      }
    },
    peek: (reader, group) => servingFor(reader, group).peek(reader, group),
    hadNothing: (reader, group) => servingFor(reader, group).hadNothing(reader, group),
    authorize: (reader, image, call) => rights.authorize(reader, image, call),
    suspect(group) {
      compared.suspect(group);
      asStored.suspect(group);
    },
    forget(at) {
      compared.forget(at);
      asStored.forget(at);
    },
  };
}

/** The index's own tag is in any listing that tells all. */
function emptyListing({ image }: Group): GatewayError {
  const message = `the registry has just shown an index of ${image}, and lists no tags of it`;
  return new GatewayError('STORE_UNAVAILABLE', message, { details: { isContradiction: true } });
}

/** The store refused a caller a look. They may still be allowed to read, so this isn't their answer yet. */
class RefusedLook extends Error {}

function asRefusedLook(cause: unknown): never {
  if (isGatewayError(cause, 'UNAUTHORIZED', 'FORBIDDEN')) throw new RefusedLook('a look was refused', { cause });
  throw cause;
}
