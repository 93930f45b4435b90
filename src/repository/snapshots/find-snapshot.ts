import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { snapshotIn, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Resolved } from '../../store/store.ts';
import type { SnapshotPlace } from '../artifacts/snapshot-tag.ts';
import type { Reader, ReaderRights } from '../views/reader-rights.ts';
import { unknownSnapshot } from './snapshot-removal.ts';
import { goneIds, tagsOfSnapshot, type SnapshotRecords } from './snapshot-records.ts';
import type { SnapshotRecord } from './snapshot-record.ts';

/** A snapshot's record, and the version of it that a reader was shown. */
export interface SnapshotVersion {
  readonly resolved: Resolved;
  readonly record: SnapshotRecord;
}

/**
 * Which record the path of a snapshot stands for, asked of the store as this reader: one request where its tag is known, else
 * its name is asked for, and what has none is looked for in a listing. Undefined where the store shows them nothing. Throws
 * SNAPSHOT_UNKNOWN where a listing shows that there is no such snapshot.
 */
export type FindSnapshot = (reader: Reader, at: RepositoryCoordinates) => Promise<SnapshotVersion | undefined>;

/** What this replica remembers of where snapshots are. */
export interface KnownSnapshots {
  readonly find: FindSnapshot;
  /** One that is no more is asked for anew. */
  forget(at: RepositoryCoordinates): void;
}

export function createKnownSnapshots(deps: {
  readonly rights: ReaderRights;
  readonly records: SnapshotRecords;
}): KnownSnapshots {
  const { rights, records } = deps;
  /** The record's tag of each snapshot: readers stay with it for as long as it is one. */
  const tags = createBoundedCache<string>(10_000);

  const atKnownTag = async (reader: Reader, image: string, key: string) => {
    const tag = tags.get(key);
    const resolved = tag && (await rights.resolve(reader, image, tag));
    if (tag === undefined || !resolved) return undefined;
    const record = await records.read(reader.image, tag, resolved.digest);
    return record && { resolved, record };
  };

  const atFoundTag = async (reader: Reader, image: string, key: string, { tag }: SnapshotRecord) => {
    tags.set(key, tag);
    return await atKnownTag(reader, image, key);
  };

  const byName = async (reader: Reader, image: string, place: SnapshotPlace, key: string) => {
    const record = await records.named(reader.image, place);
    return record && (await atFoundTag(reader, image, key, record));
  };

  const byListing = async (reader: Reader, image: string, place: SnapshotPlace, key: string) => {
    const listing = await reader.image.tags();
    const record = await records.listed(reader.image, place, listing);
    if (record !== undefined) return await atFoundTag(reader, image, key, record);
    const known = tags.get(key);
    const gone = goneIds(tagsOfSnapshot(place, listing));
    // What was there a moment ago is gone only by its tombstone; and who is shown nothing is told nothing.
    const isGone = known === undefined || [...gone].some((id) => known.endsWith(id));
    if (listing.length === 0 || !isGone) return undefined;
    tags.delete(key);
    throw unknownSnapshot(place);
  };

  const keyOf = ({ image, branch, repository }: RepositoryCoordinates) => `${image} ${branch} ${repository}`;
  const find: FindSnapshot = async (reader, at) => {
    const { image, branch, repository } = at;
    const snapshot = snapshotIn(branch);
    if (snapshot === undefined) return undefined;
    const key = keyOf(at);
    const place = { ...snapshot, repository };
    const known = (await atKnownTag(reader, image, key)) ?? (await byName(reader, image, place, key));
    return known ?? (await byListing(reader, image, place, key));
  };
  return {
    find,
    forget: (at) => {
      tags.delete(keyOf(at));
    },
  };
}
