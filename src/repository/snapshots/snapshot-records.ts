import { grouped } from '../../apk/providing/grouped.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../errors.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import {
  goneTag,
  hashOfName,
  hashOfRepository,
  nameTag,
  recordTag,
  snapshotTagsIn,
  type SnapshotPlace,
  type SnapshotTag,
} from '../artifacts/snapshot-tag.ts';
import { readName } from '../artifacts/snapshot-word.ts';
import { parseSnapshotRecord, type SnapshotRecord } from './snapshot-record.ts';

/** Reads snapshots' records, each once: what a tag holds never changes but by its end, which a tombstone tells. */
export interface SnapshotRecords {
  /** Every snapshot of a repository that a listing shows, the newest first. */
  all(
    image: ImageStore,
    at: Omit<RepositoryCoordinates, 'image'>,
    listing: readonly string[],
    call?: CallOptions,
  ): Promise<readonly SnapshotRecord[]>;
  /** The one of that name that is there, as the name's own tag says: also where listings are behind. */
  named(image: ImageStore, place: SnapshotPlace, call?: CallOptions): Promise<SnapshotRecord | undefined>;
  /** The one of that name that a listing shows. */
  readonly listed: FindRecord;
  /** The one of that name, whichever of both shows it. */
  readonly find: FindRecord;
  /** The record that stands under a tag right now, whatever was read of it before: undefined where it is none. */
  read(image: ImageStore, tag: string, digest: string, call?: CallOptions): Promise<SnapshotRecord | undefined>;
}

type FindRecord = (
  image: ImageStore,
  place: SnapshotPlace,
  listing: readonly string[],
  call?: CallOptions,
) => Promise<SnapshotRecord | undefined>;

const concurrency = 8;
/** Of all records in memory, by tag and by digest each: one of two architectures takes 60 KiB, one that was planted megabytes. */
const maxBytes = 32 * 2 ** 20;
const bytesPerLayer = 400;

export function createSnapshotRecords(): SnapshotRecords {
  const byDigest = createByteBoundedCache<SnapshotRecord>(maxBytes, bytesOf);
  const byTag = createByteBoundedCache<SnapshotRecord>(maxBytes, bytesOf);

  const fetchRecord = async (image: ImageStore, tag: string, reference: string, call: CallOptions) => {
    // One odd answer is no proof that it is none.
    const found = (await fetchOnce(image, tag, reference, call)) ?? (await fetchOnce(image, tag, reference, call));
    if (found === undefined) return undefined;
    byDigest.set(`${image.image} ${tag} ${found.digest}`, found.record);
    byTag.set(`${image.image} ${tag}`, found.record);
    return found.record;
  };

  const openAll = async (image: ImageStore, tags: readonly SnapshotTag[], call: CallOptions) => {
    const opened = await inParallel(
      tags,
      concurrency,
      async ({ tag }) => byTag.get(`${image.image} ${tag}`) ?? (await fetchRecord(image, tag, tag, call)),
    );
    return standing(opened.filter((record) => record !== undefined));
  };

  const named: SnapshotRecords['named'] = async (image, place, call = {}) => {
    // One odd answer is no proof that nothing has the name.
    const ask = () => readName(image, nameTag(place), call);
    const id = ((await ask()) ?? (await ask()))?.id;
    if (id === undefined) return undefined;
    const tag = recordTag(place, id);
    // A record that can't be removed stays, and its tombstone says that it is none.
    const isGone = (await image.resolve(goneTag({ tag, id }), call)) !== undefined;
    return isGone ? undefined : await fetchRecord(image, tag, tag, call);
  };

  const listed: FindRecord = async (image, place, listing, call = {}) => {
    const [first] = await openAll(image, liveRecords(tagsOfSnapshot(place, listing)), call);
    return first;
  };

  return {
    named,
    async all(image, at, listing, call = {}) {
      const hash = hashOfRepository(at);
      const records = await openAll(image, liveRecords(snapshotTagsOf(hash, listing)), call);
      return [...records].sort((a, b) => b.createdMs - a.createdMs);
    },
    listed,
    find: async (image, place, listing, call = {}) =>
      (await named(image, place, call)) ?? (await listed(image, place, listing, call)),
    read: async (image, tag, digest, call = {}) =>
      byDigest.get(`${image.image} ${tag} ${digest}`) ?? (await fetchRecord(image, tag, digest, call)),
  };
}

/** What a record takes in memory, roughly. */
function bytesOf({ indexes, over, createdBy = '' }: SnapshotRecord): number {
  const runs = [...indexes.values()].flatMap(({ v2Runs, v3Runs }) => [...v2Runs, ...v3Runs]);
  const held = runs.reduce((sum, { part, details, inline }) => sum + (inline ? part.size + details.size : 0), 0);
  return 1000 + (indexes.size + 2 * runs.length) * bytesPerLayer + held + over.length * 100 + 2 * createdBy.length;
}

/** The tags of one snapshot's name in a listing, of whichever beginnings. */
export function tagsOfSnapshot(place: SnapshotPlace, listing: readonly string[]): readonly SnapshotTag[] {
  const nameHash = hashOfName(place);
  return snapshotTagsOf(hashOfRepository(place), listing).filter((tag) => tag.nameHash === nameHash);
}

/** The ids that tombstones tell to be dead. */
export function goneIds(tags: readonly SnapshotTag[]): ReadonlySet<string> {
  return new Set(tags.filter(({ kind }) => kind === 'gone').map(({ id }) => id));
}

function snapshotTagsOf(repositoryHash: string, listing: readonly string[]): readonly SnapshotTag[] {
  return snapshotTagsIn(listing).filter((tag) => tag.repositoryHash === repositoryHash);
}

function liveRecords(tags: readonly SnapshotTag[]): readonly SnapshotTag[] {
  const gone = goneIds(tags);
  return tags.filter(({ kind, id }) => kind === 'record' && !gone.has(id));
}

/** Of records of one name, the one that counts: what another took for dead doesn't; then the first made, for all readers alike. */
function standing(records: readonly SnapshotRecord[]): readonly SnapshotRecord[] {
  const sorted = [...records].sort((a, b) => (freshOf(a) < freshOf(b) ? -1 : 1));
  const byName = new Map<string, SnapshotRecord>();
  const endedBy = grouped(sorted.flatMap((record) => record.over.map((id) => [id, record])));
  for (const record of sorted) {
    const isDead = (endedBy.get(record.id) ?? []).some((other) => !record.over.includes(other.id));
    if (!isDead && !byName.has(record.name)) byName.set(record.name, record);
  }
  return [...byName.values()];
}

/** Of one name, ids differ in their ends alone, which sort by age. */
function freshOf({ id }: SnapshotRecord): string {
  return id.slice(-13);
}

/** A record and its version; none where its manifest is none of ours. */
async function fetchOnce(image: ImageStore, tag: string, reference: string, call: CallOptions) {
  try {
    const manifest = await image.fetchManifest(reference, call);
    const record = manifest && parseSnapshotRecord(tag, manifest.bytes);
    return record && { digest: manifest.digest, record };
  } catch (error) {
    if (isGatewayError(error, 'SIZE_EXCEEDED')) return undefined;
    throw error;
  }
}
