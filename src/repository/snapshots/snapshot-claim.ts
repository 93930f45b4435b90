import { GatewayError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { doubtTag, recordOf, type SnapshotPlace, type SnapshotTag } from '../artifacts/snapshot-tag.ts';
import type { SnapshotBurial } from './snapshot-burial.ts';
import { goneIds, tagsOfSnapshot, type SnapshotRecords } from './snapshot-records.ts';

export interface SnapshotClaimDeps {
  readonly records: SnapshotRecords;
  readonly burial: Pick<SnapshotBurial, 'doubt'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** Of two who take a name at once the first looks so often whether the other gives way, and waits longer each time. */
const maxLooks = 6;
const lookAgainMs = 100;

/**
 * Makes sure that nobody else has or takes a snapshot's name: `own` is a part of ours that was put, so of two who come at once at
 * least one sees the other. Resolves with the ids of beginnings that come to nothing, which the record has to name; throws
 * SNAPSHOT_EXISTS. Of several only the first made may go on, and only once the others have given way. Whoever began a minute
 * before and has no record yet is doubted: having put theirs after all they find that, and give up (`isDoubted`); or it is found here.
 */
export async function claimName(
  deps: SnapshotClaimDeps,
  image: ImageStore,
  place: SnapshotPlace,
  own: SnapshotTag,
  call: CallOptions,
): Promise<readonly string[]> {
  const { records, clock } = deps;
  const doubted = new Set<string>();
  for (let look = 1; ; look += 1) {
    const listing = await image.tags(call);
    if ((await records.find(image, place, listing, call)) !== undefined) throw taken(place);
    const tags = tagsOfSnapshot(place, listing);
    const rivals = rivalsIn(tags, own);
    const young = [...rivals.values()].filter(({ stamp: madeAt }) => own.stamp - madeAt < lease.snapshotPatienceMs);
    const old = [...rivals.values()].filter((rival) => !young.includes(rival) && !doubted.has(rival.id));
    for (const rival of old) {
      if (!(await isGivenUp(deps, image, rival, call))) throw taken(place);
      doubted.add(rival.id);
    }
    const isShown = tags.some(({ id }) => id === own.id);
    if (young.length === 0 && (isShown || look === maxLooks)) return [...rivals.keys()];
    if (look === maxLooks || young.some(({ id }) => id < own.id)) throw beingMade(place, freeAfterMs(young, own));
    await clock.sleep(lookAgainMs * look, call.signal);
  }
}

/** Whether a beginning comes to nothing: those who made it, if they live, know that they are doubted before they are answered. */
async function isGivenUp(
  { burial }: SnapshotClaimDeps,
  image: ImageStore,
  rival: SnapshotTag,
  call: CallOptions,
): Promise<boolean> {
  await burial.doubt(image, rival, call);
  return (await image.resolve(recordOf(rival), call)) === undefined;
}

/** Whether somebody takes those for dead whose record this is, which was put before this is asked. */
export async function isDoubted(image: ImageStore, record: SnapshotTag, call: CallOptions): Promise<boolean> {
  return (await image.resolve(doubtTag(record), call)) !== undefined;
}

/** Other beginnings of the same snapshot that aren't known to be dead. */
function rivalsIn(tags: readonly SnapshotTag[], own: SnapshotTag): ReadonlyMap<string, SnapshotTag> {
  const gone = goneIds(tags);
  const isBeginning = ({ kind }: SnapshotTag) => kind === 'part' || kind === 'record';
  const others = tags.filter((tag) => isBeginning(tag) && tag.id !== own.id && !gone.has(tag.id));
  return new Map(others.map((tag) => [tag.id, tag]));
}

function taken({ branch, repository, name }: SnapshotPlace): GatewayError {
  const message = `${branch}/${repository} has a snapshot ${name} already`;
  return new GatewayError('SNAPSHOT_EXISTS', message, { details: { snapshot: name } });
}

/** Whose gateway died may be waiting for itself. */
function beingMade({ branch, repository, name }: SnapshotPlace, freeMs: number): GatewayError {
  const seconds = Math.ceil(freeMs / 1000);
  const message =
    `a snapshot ${name} of ${branch}/${repository} is being made; ` +
    `if that was broken off, the name is free again in ${seconds} s, and any other is now`;
  const details = { snapshot: name, retryAfterSeconds: seconds };
  return new GatewayError('SNAPSHOT_EXISTS', message, { details });
}

function freeAfterMs(rivals: readonly SnapshotTag[], { stamp: now }: SnapshotTag): number {
  const ages = rivals.map(({ stamp: madeAt }) => now - madeAt);
  return Math.max(0, lease.snapshotPatienceMs - Math.min(lease.snapshotPatienceMs, ...ages));
}
