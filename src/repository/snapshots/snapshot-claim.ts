import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { SnapshotPlace, SnapshotTag } from '../artifacts/snapshot-tag.ts';
import { goneIds, tagsOfSnapshot, type SnapshotRecords } from './snapshot-records.ts';

export interface SnapshotClaimDeps {
  readonly records: SnapshotRecords;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly stamp: () => Stamp;
}

/** Of two who take a name at once the first looks so often whether the other gives way, and waits longer each time. */
const maxLooks = 6;
const lookAgainMs = 100;

/**
 * Makes sure that nobody else has or takes a snapshot's name: `own` is a part of ours that was put, so of two who come at once at
 * least one sees the other. Resolves with the ids of beginnings that are too old to come to anything, which the record has to
 * name; throws SNAPSHOT_EXISTS. Of several only the first made may go on, and only once the others have given way.
 */
export async function claimName(
  { records, clock, stamp }: SnapshotClaimDeps,
  image: ImageStore,
  place: SnapshotPlace,
  own: SnapshotTag,
  call: CallOptions,
): Promise<readonly string[]> {
  for (let look = 1; ; look += 1) {
    const listing = await image.tags(call);
    if ((await records.find(image, place, listing, call)) !== undefined) throw taken(place);
    const tags = tagsOfSnapshot(place, listing);
    const rivals = rivalsIn(tags, own);
    const young = [...rivals.values()].filter(({ stamp: madeAt }) => stamp() - madeAt < lease.snapshotClaimMs);
    const isShown = tags.some(({ id }) => id === own.id);
    if (young.length === 0 && (isShown || look === maxLooks)) return [...rivals.keys()];
    if (look === maxLooks || young.some(({ id }) => id < own.id)) throw beingMade(place, freeAfterMs(young, stamp()));
    await clock.sleep(lookAgainMs * look, call.signal);
  }
}

/** Other beginnings of the same snapshot that aren't known to be dead. */
function rivalsIn(tags: readonly SnapshotTag[], own: SnapshotTag): ReadonlyMap<string, SnapshotTag> {
  const gone = goneIds(tags);
  const others = tags.filter(({ kind, id }) => kind !== 'gone' && id !== own.id && !gone.has(id));
  return new Map(others.map((tag) => [tag.id, tag]));
}

function taken({ branch, repository, name }: SnapshotPlace): GatewayError {
  const message = `${branch}/${repository} has a snapshot ${name} already`;
  return new GatewayError('SNAPSHOT_EXISTS', message, { details: { snapshot: name } });
}

/** Whose gateway died may be waiting for itself. */
function beingMade({ branch, repository, name }: SnapshotPlace, freeMs: number): GatewayError {
  const minutes = Math.ceil(freeMs / 60_000);
  const message =
    `a snapshot ${name} of ${branch}/${repository} is being made; ` +
    `if that was broken off, the name is free again in ${minutes} min, and any other is now`;
  const details = { snapshot: name, retryAfterSeconds: Math.ceil(freeMs / 1000) };
  return new GatewayError('SNAPSHOT_EXISTS', message, { details });
}

function freeAfterMs(rivals: readonly SnapshotTag[], now: Stamp): number {
  const ages = rivals.map(({ stamp: madeAt }) => now - madeAt);
  return Math.max(0, lease.snapshotClaimMs - Math.min(lease.snapshotClaimMs, ...ages));
}
