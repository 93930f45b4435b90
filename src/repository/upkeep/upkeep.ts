import { NOARCH } from '../../apk/architectures.ts';
import { isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Log } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Look } from '../live/look.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { buriedBy, groupHash, indexTag, parsePackageTag, peekKind } from '../artifacts/package-tag.ts';
import { createSuperseded, type SupersededOptions } from './replaced-indexes.ts';
import { upkeepPauseMs } from './upkeep-pause.ts';

/** Clears away what deaths leave behind. Nothing depends on it: it keeps listings short. */
export interface Upkeep {
  /**
   * With the rights of somebody who waits for a publish: removes package tags whose tombstone stands and whose deleter died
   * or could not remove them, old tombstones whose package tag is gone, and indexes that were replaced. At most a few at a
   * time. Never throws.
   */
  tidy(image: ImageStore, at: RepositoryCoordinates, seen: Look, call: CallOptions): Promise<void>;
  /** This replica put that index. */
  hasPut(group: Group, digest: Digest): void;
}

/** The most tombstones that one publish clears away, and that are remembered. */
const maxGraves = 4;
const maxRemembered = 10_000;
/** How long an image is left alone after it was tidied. */
const pauseMs = 10_000;

export interface UpkeepDeps {
  readonly clock: MonotonicClock;
  readonly stamp: () => Stamp;
  readonly log: Log;
}

/** The upkeep of one image. */
export function createUpkeep(deps: UpkeepDeps, options: SupersededOptions): Upkeep {
  const { clock, stamp, log } = deps;
  const superseded = createSuperseded(deps, options);
  /** When this replica first saw an old tombstone. */
  const seenAt = createBoundedCache<MonotonicMs>(maxRemembered, { clock });
  let nextMs = -Infinity;

  const isLongKnown = (tombstone: string) => {
    const at = seenAt.get(tombstone) ?? clock.monotonicMs();
    seenAt.set(tombstone, at);
    return msSince(clock, at) >= lease.graveMs;
  };

  const clearGraves = async (image: ImageStore, at: RepositoryCoordinates, seen: Look, call: CallOptions) => {
    if (clock.monotonicMs() < nextMs) return;
    const tombstones = oldTombstones(seen, at, stamp() - lease.tombstoneMs)
      .filter(isLongKnown)
      .slice(0, maxGraves);
    if (tombstones.length === 0) return;
    nextMs = clock.monotonicMs() + pauseMs;
    try {
      const shown = new Set(seen.listing);
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
      await clearGraves(image, at, seen, call);
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

function oldTombstones({ listing, architectures }: Look, at: RepositoryCoordinates, beforeMs: number): string[] {
  const hashes = new Set([...architectures, NOARCH].map((architecture) => groupHash({ ...at, architecture })));
  const old: string[] = [];
  for (const tag of listing) {
    if (peekKind(tag) !== 'tombstone') continue;
    const parsed = parsePackageTag(tag);
    if (parsed !== undefined && hashes.has(parsed.groupHash) && parsed.seconds * 1000 < beforeMs) old.push(tag);
  }
  return old;
}
