import { GatewayError } from '../../errors.ts';
import type { ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import type { Stamp } from '../../time/stamps.ts';
import { ownTag, type SnapshotPlace, type SnapshotTag } from '../artifacts/snapshot-tag.ts';
import type { AnswerTime } from '../publishing/answer-time.ts';
import type { RemovedSnapshot } from '../service/snapshots.ts';
import type { SnapshotBurial } from './snapshot-burial.ts';
import { goneIds, tagsOfSnapshot, type SnapshotRecords } from './snapshot-records.ts';

export interface SnapshotRemovalDeps {
  readonly records: SnapshotRecords;
  readonly burial: SnapshotBurial;
  readonly stamp: () => Stamp;
}

/**
 * Ends a snapshot: the record goes first, since the registry decides whether this caller may remove anything; then tombstones say
 * so for all that was ever begun under its name; then what held its packages goes, as far as it can. SNAPSHOT_UNKNOWN where there
 * is none.
 */
export async function removeSnapshot(
  { records, burial, stamp }: SnapshotRemovalDeps,
  image: ImageStore,
  place: SnapshotPlace,
  time: AnswerTime,
): Promise<RemovedSnapshot> {
  const listing = await image.tags(time.call());
  const tags = tagsOfSnapshot(place, listing);
  const gone = goneIds(tags);
  const record = await records.find(image, place, listing, time.call());
  if (record === undefined) throw unknownSnapshot(place);
  const shown = tags.filter(({ kind, id }) => kind !== 'gone' && !gone.has(id));
  const living = shown.some(({ tag }) => tag === record.tag) ? shown : [...shown, ownTag(record.tag)];
  const recordsThere = living.filter(({ kind }) => kind === 'record');
  const ended = endedIds(living, stamp());
  let isFreed = true;
  for (const record of recordsThere) isFreed = (await burial.remove(image, record, time.call())) && isFreed;
  const parts = living.filter(({ kind, id }) => kind !== 'record' && ended.has(id));
  for (const part of firstOfEach(parts, recordsThere)) await burial.bury(image, part, time.call());
  if (isFreed) await burial.clear(image, [...parts, ...recordsThere], time.call());
  return { isFreed };
}

/** Those with a record, and those too old to come to one. What was begun lately may be answered as made by now. */
function endedIds(living: readonly SnapshotTag[], now: Stamp): ReadonlySet<string> {
  const isEnded = ({ kind, stamp }: SnapshotTag) => kind === 'record' || now - stamp >= lease.snapshotClaimMs;
  return new Set(living.filter(isEnded).map(({ id }) => id));
}

/** One part of each id that no record is there for. */
function firstOfEach(parts: readonly SnapshotTag[], records: readonly SnapshotTag[]): Iterable<SnapshotTag> {
  const byId = new Map(parts.map((part) => [part.id, part]));
  for (const { id } of records) byId.delete(id);
  return byId.values();
}

/** SNAPSHOT_UNKNOWN. */
export function unknownSnapshot({ branch, repository, name }: SnapshotPlace): GatewayError {
  const message = `${branch}/${repository} has no snapshot ${name}`;
  return new GatewayError('SNAPSHOT_UNKNOWN', message, { details: { snapshot: name } });
}
