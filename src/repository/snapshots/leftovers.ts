import { grouped } from '../../apk/providing/grouped.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import { recordOf, snapshotTagsIn, type SnapshotTag } from '../artifacts/snapshot-tag.ts';
import { removeName } from './snapshot-burial.ts';
import { goneIds } from './snapshot-records.ts';

/** Removes what ended snapshots leave behind, with the rights of somebody who waits for a publish. Never throws. */
export type TidySnapshots = (image: ImageStore, listing: readonly string[], call: CallOptions) => Promise<void>;

/** The most tags that one publish clears away, and how long an image is left alone then. */
const maxAtOnce = 8;
const pauseMs = 10_000;
const refusedPauseMs = 300_000;

export function createTidySnapshots(deps: {
  readonly clock: MonotonicClock;
  readonly stamp: () => Stamp;
  readonly log: Log;
}): TidySnapshots {
  const { clock, stamp, log } = deps;
  /** When this replica first saw a tombstone. */
  const seenAt = createBoundedCache<MonotonicMs>(10_000);
  const nextMs = createBoundedCache<number>(1_000);

  const isLongKnown = (tombstone: string) => {
    const at = seenAt.get(tombstone) ?? clock.monotonicMs();
    seenAt.set(tombstone, at);
    return msSince(clock, at) >= lease.graveMs;
  };

  return async (image, listing, call) => {
    const leftovers = snapshotLeftovers(listing, stamp(), isLongKnown);
    if (leftovers.length === 0 || clock.monotonicMs() < (nextMs.get(image.image) ?? 0)) return;
    nextMs.set(image.image, clock.monotonicMs() + pauseMs);
    try {
      const gone = goneIds(snapshotTagsIn(listing));
      await inParallel(leftovers.slice(0, maxAtOnce), 2, async (leftover) => {
        const isUnburied = leftover.kind === 'part' && !gone.has(leftover.id);
        // A listing may omit a record: what holds its packages goes only where the registry has none under that name.
        if (isUnburied && (await image.resolve(recordOf(leftover), call)) !== undefined) return;
        // Left where its end was broken off.
        if (leftover.kind === 'gone') await removeName(image, leftover, call);
        await image.deleteTag(leftover.tag, call);
      });
    } catch (error) {
      // Whoever waited was answered: the next publish goes on.
      if (isGatewayError(error, 'ABORTED')) return;
      nextMs.set(image.image, clock.monotonicMs() + refusedPauseMs);
      log.debug({ image: image.image, err: error }, 'what ended snapshots held could not be cleared away');
    }
  };
}

/**
 * Tags of snapshots that are to be removed, as a listing shows them: records and parts of what is gone; parts of what was begun
 * long ago and never came to be; a tombstone once all that it buries is gone, and `isLongKnown`.
 */
export function snapshotLeftovers(
  listing: readonly string[],
  now: Stamp,
  isLongKnown: (tombstone: string) => boolean,
): readonly SnapshotTag[] {
  const byId = grouped(snapshotTagsIn(listing).map((tag) => [tag.id, tag]));
  return [...byId.values()].flatMap((own) => leftoversOf(own, now, isLongKnown));
}

function leftoversOf(
  own: readonly SnapshotTag[],
  now: Stamp,
  isLongKnown: (tombstone: string) => boolean,
): readonly SnapshotTag[] {
  const ofKind = (kind: SnapshotTag['kind']) => own.filter((tag) => tag.kind === kind);
  const [gone, records, parts, doubts] = [ofKind('gone'), ofKind('record'), ofKind('part'), ofKind('doubt')];
  const isOld = own.every(({ stamp }) => now - stamp >= lease.tombstoneMs);
  if (gone.length === 0 && !isOld) return [];
  if (gone.length === 0) return records.length === 0 ? [...parts, ...doubts] : doubts;
  // The tombstone stays while anything of it is there: nobody may ever see what it buries without it.
  const buried = [...records, ...parts, ...doubts];
  return buried.length > 0 ? buried : gone.filter(({ tag }) => isLongKnown(tag));
}
