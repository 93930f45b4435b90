import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Clock, Log, Meter, RandomBytes } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { EVERY, type Look } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { Sightings } from '../live/sightings.ts';
import type { Burial } from './burial.ts';
import { wantsSignatures, type PutIndex } from './index-writer.ts';
import { clearLosers } from './losers.ts';
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
    const losing = { ...deps.memoryOf(at.image), burial: deps.burialOf(at.image), log: deps.log };
    return createPublishLoop(
      {
        ...deps,
        look: ({ image }, scope, call) => deps.look(image, at, scope, call),
        put: ({ image }, seen, architecture, call) => deps.put(image, { ...at, architecture }, seen, call),
        open: ({ image, scope }, call) =>
          scope.length > mostOpened || scope.includes(EVERY)
            ? undefined
            : openUploads(image, layersOfRun * scope.length, call),
        clear: (participant, seen, call) => clearLosers(losing, participant, seen, call),
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
