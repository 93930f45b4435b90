import { isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Log } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Look } from '../live/look.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { buriedBy, indexTag } from '../artifacts/package-tag.ts';
import { createLeftovers, type LeftoverOptions } from './leftovers.ts';
import { createSuperseded, type SupersededOptions } from './replaced-indexes.ts';
import { upkeepPauseMs } from './upkeep-pause.ts';

/** Clears away what deaths leave behind. Nothing depends on it: it keeps listings short. */
export interface Upkeep {
  /**
   * With the rights of somebody who waits for a publish: removes package tags whose tombstone stands and whose deleter died
   * or could not remove them, old tombstones whose package tag is gone, kept packages whose time is over, and indexes that were
   * replaced. At most a few at a
   * time. Never throws.
   */
  tidy(image: ImageStore, at: RepositoryCoordinates, seen: Look, call: CallOptions): Promise<void>;
  /** This replica put that index. */
  hasPut(group: Group, digest: Digest): void;
}

/** How long an image is left alone after it was tidied. */
const pauseMs = 10_000;

export interface UpkeepDeps {
  readonly clock: MonotonicClock;
  readonly stamp: () => Stamp;
  readonly log: Log;
}

/** The upkeep of one image. */
export function createUpkeep(deps: UpkeepDeps, options: SupersededOptions & LeftoverOptions): Upkeep {
  const { clock, log } = deps;
  const superseded = createSuperseded(deps, options);
  const leftovers = createLeftovers(deps, options);
  let nextMs = -Infinity;

  const clearGraves = async (image: ImageStore, seen: Look, call: CallOptions) => {
    if (clock.monotonicMs() < nextMs) return;
    try {
      const kept = await leftovers.kept(image, seen, call);
      const tombstones = await leftovers.graves(image, seen, call);
      if (tombstones.length + kept.length === 0) return;
      nextMs = clock.monotonicMs() + pauseMs;
      const shown = new Set(seen.listing);
      await inParallel(kept, 2, (tag) => image.deleteTag(tag, call));
      await inParallel(tombstones, 2, (tombstone) => clear(image, tombstone, shown, call));
    } catch (error) {
      // Whoever waited was answered: the next publish goes on.
      if (isGatewayError(error, 'ABORTED')) return;
      nextMs = clock.monotonicMs() + upkeepPauseMs(error);
      log.debug({ image: image.image, err: error }, 'old tombstones could not be cleared away');
    }
  };

  return {
    async tidy(image, at, seen, call) {
      for (const [architecture, { manifestDigest }] of seen.stored) {
        superseded.saw(indexTag({ ...at, architecture }), manifestDigest);
      }
      await clearGraves(image, seen, call);
      await superseded.clear(image, call);
    },
    hasPut(group, digest) {
      superseded.saw(indexTag(group), digest);
    },
  };
}

/**
 * The package tag goes first, and the tombstone at some later time: nobody may ever see the one without the other. So it stays
 * while either witness shows the tag: one answer that it isn't there is no proof.
 */
async function clear(
  image: ImageStore,
  tombstone: string,
  shown: ReadonlySet<string>,
  call: CallOptions,
): Promise<void> {
  const tag = buriedBy(tombstone);
  const isThere = shown.has(tag) || (await image.resolve(tag, call)) !== undefined;
  await image.deleteTag(isThere ? tag : tombstone, call);
}
