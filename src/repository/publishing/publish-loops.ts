import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Clock, Log, Meter, RandomBytes } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { StoredIndex } from '../index/stored-index.ts';
import { EVERY, type Look } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { Sightings } from '../live/sightings.ts';
import type { Burial } from './burial.ts';
import { wantsSignatures, type PutIndex } from './index-writer.ts';
import { buryAgain, clearLosers } from './losers.ts';
import { openUploads } from './opened-uploads.ts';
import { createPublishLoop, type PublishLoop } from './publish-loop.ts';

export interface PublishLoopsDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  readonly look: TakeLook;
  readonly put: PutIndex;
  readonly burialOf: (image: string) => Burial;
  readonly memoryOf: (image: string) => { readonly sightings: Sightings };
  /** Clears away what is left of the dead. Never throws. */
  readonly tidy: (image: ImageStore, at: RepositoryCoordinates, seen: Look, call: CallOptions) => Promise<void>;
}

/** One package changes one run. */
const layersOfRun = 2;
/** Indexes for which sessions are opened ahead. */
const mostOpened = 2;

/** The loop of each repository: everybody who changes it by this replica shares it. */
export function createPublishLoops(deps: PublishLoopsDeps): (at: RepositoryCoordinates) => PublishLoop {
  const loops = createBoundedCache<PublishLoop>(10_000);

  const begin = (at: RepositoryCoordinates) => {
    // Small runs go into the manifest. What a put needed the next one most likely needs too.
    const sentNone = createBoundedCache<true>(1000);
    const losing = { ...deps.memoryOf(at.image), burial: deps.burialOf(at.image), log: deps.log };
    return createPublishLoop(
      {
        ...deps,
        look: ({ image }, scope, call) => deps.look(image, at, scope, call),
        put: async ({ image }, seen, architecture, call) => {
          const put = await deps.put(image, { ...at, architecture }, seen, call);
          if (hasNewLayers(put, seen.stored.get(architecture))) sentNone.delete(architecture);
          else sentNone.set(architecture, true);
          return put;
        },
        open: ({ image, scope }, call) => {
          if (scope.length > mostOpened || scope.includes(EVERY)) return undefined;
          const count = layersOfRun * scope.filter((architecture) => sentNone.get(architecture) !== true).length;
          return count === 0 ? undefined : openUploads(image, count, call);
        },
        clear: async (participant, seen, call) => {
          await clearLosers(losing, participant, seen, call);
          await buryAgain(losing, participant, seen, call);
        },
        tidy: ({ image }, seen, call) => deps.tidy(image, at, seen, call),
        wantsSignatures,
      },
      at,
    );
  };

  return (at) => {
    const key = JSON.stringify([at.image, at.branch, at.repository]);
    const loop = loops.get(key) ?? begin(at);
    loops.set(key, loop);
    return loop;
  };
}

function hasNewLayers(put: StoredIndex, before: StoredIndex | undefined): boolean {
  return [...put.blobs].some((digest) => before?.blobs.has(digest) !== true);
}
