import type { Clock, Log } from '../ports.ts';
import type { Stamp } from '../time/stamps.ts';
import { createBoundedCache } from '../concurrency/bounded-cache.ts';
import { createGroups, type Groups } from './live/groups.ts';
import { createMadeContents, type MakeContent } from './live/made-contents.ts';
import { createSightings, type Sightings } from './live/sightings.ts';
import type { LeftoverOptions } from './upkeep/leftovers.ts';
import type { SupersededOptions } from './upkeep/replaced-indexes.ts';
import { createUpkeep, type Upkeep } from './upkeep/upkeep.ts';

/** What this replica remembers of one image. Losing it loses nothing but time. */
export interface ImageMemory {
  readonly sightings: Sightings;
  readonly groups: Groups;
  readonly makeContent: MakeContent;
  readonly upkeep: Upkeep;
}

/** The memory of every image, made on first sight; of at most 1,000 images at a time. */
export function createImageMemories(
  deps: { readonly clock: Clock; readonly stamp: () => Stamp; readonly log: Log },
  options: SupersededOptions & LeftoverOptions & { readonly concurrency: number },
): (image: string) => ImageMemory {
  const memories = createBoundedCache<ImageMemory>(1000);
  return (image) => {
    const known = memories.get(image);
    if (known !== undefined) return known;
    const memory: ImageMemory = {
      sightings: createSightings(deps.clock),
      groups: createGroups(deps.clock, options),
      makeContent: createMadeContents(),
      upkeep: createUpkeep(deps, options),
    };
    memories.set(image, memory);
    return memory;
  };
}
