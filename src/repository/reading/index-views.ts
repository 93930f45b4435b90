import { isGatewayError } from '../../errors.ts';
import type { Clock, Log, Meter } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { Spent } from './freshness.ts';
import { createIndexServing, type IndexServingOptions, type ServedIndex } from './index-serving.ts';
import { comparedIndex, unverifiedView, verifiedView, type IndexView } from './index-view.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { SignIndex } from '../publishing/index-writer.ts';
import type { Look } from '../live/look.ts';
import { createReaderRights, type Reader } from './reader-rights.ts';

export interface IndexViewDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  readonly sign: SignIndex;
  readonly spent?: Spent | undefined;
  /** A look with this caller's rights. Shared by many, so no one caller's signal ends it. */
  readonly look: (image: ImageStore, group: Group) => Promise<Look>;
  /** The stored index without a comparison, for callers who may not list. */
  readonly readStored: (image: ImageStore, group: Group) => Promise<Pick<Look, 'stored' | 'keys'>>;
}

export interface IndexViews {
  /** The group's index as this reader may see it; undefined where there is nothing. */
  view(reader: Reader, group: Group): Promise<ServedIndex | undefined>;
  /** What `view` would say without asking anybody; undefined where it would have to ask, or there is nothing. */
  peek(reader: Reader, group: Group): IndexView | undefined;
  /** Returns where the store says that this reader may read the image; UNAUTHORIZED or FORBIDDEN otherwise. */
  authorize(reader: Reader, image: string, call?: CallOptions): Promise<void>;
  /** Takes over what a look of the publisher, begun at `beganMs`, has shown, so that readers needn't compare again. */
  offer(group: Group, seen: Look, beganMs: number): void;
  /** Something that the index lists could not be fetched: it is compared anew before it is served again. */
  suspect(group: Group): void;
  /** What an index that was served within the last minute listed under a name that the one served now doesn't list. */
  delisted(group: Group, fileName: string): IndexedPackage | undefined;
}

/** Serves indexes from memory, one buffer for all readers, each reader's rights asked of the store. */
export function createIndexViews(deps: IndexViewDeps, options: IndexServingOptions): IndexViews {
  const { clock } = deps;
  const rights = createReaderRights({ clock }, options);

  const compareByLook = async (reader: Reader, group: Group) => {
    const beganMs = clock.now();
    const seen = await deps.look(reader.image, group).catch(asRefusedLook);
    return await verifiedView(deps.sign, comparedIndex(seen, group.architecture, beganMs));
  };
  const readAsStored = async (reader: Reader, group: Group) => {
    const beganMs = clock.now();
    const { stored, keys } = await deps.readStored(reader.image, group);
    return await unverifiedView(deps.sign, stored.get(group.architecture), keys, beganMs);
  };
  const compared = createIndexServing(deps, options, rights, compareByLook);
  const asStored = createIndexServing(deps, options, rights, readAsStored);

  return {
    async view(reader, group) {
      if (!rights.isRefusedListing(reader, group.image)) {
        try {
          return await compared.serve(reader, group);
        } catch (error) {
          if (!(error instanceof RefusedLook)) throw error;
          deps.log.warn({ ...group, err: error.cause }, 'this caller may not list tags: the index goes out as stored');
          rights.refuseListing(reader, group.image);
        }
      }
      return await asStored.serve(reader, group);
    },
    peek: (reader, group) => (rights.isRefusedListing(reader, group.image) ? undefined : compared.peek(reader, group)),
    authorize: (reader, image, call) => rights.authorize(reader, image, call),
    offer(group, seen, beganMs) {
      compared.offer(group, seen, beganMs);
    },
    suspect(group) {
      compared.suspect(group);
      asStored.suspect(group);
    },
    delisted: (group, fileName) => compared.delisted(group, fileName),
  };
}

/** The store refused a caller a look. They may still be allowed to read, so this isn't their answer yet. */
class RefusedLook extends Error {}

function asRefusedLook(cause: unknown): never {
  if (isGatewayError(cause, 'UNAUTHORIZED', 'FORBIDDEN')) throw new RefusedLook('a look was refused', { cause });
  throw cause;
}
