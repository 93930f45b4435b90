import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { stampOf, type Stamp } from '../../time/stamps.ts';
import { base32, decodeSeconds, encodeSeconds, hashOf, readable } from './package-tag.ts';

/**
 * What a snapshot is kept under. All tags of one snapshot end in its id, which no other has:
 *
 *     snapshot-record-<readable>-<id>           what it lists; it is there from when this is
 *     snapshot-part-<number>-<readable>-<id>    holds packages
 *     snapshot-gone-<readable>-<id>             a tombstone: it never comes back
 *     snapshot-doubt-<readable>-<id>            whoever makes it is taken for dead, and gives up if they aren't
 *     snapshot-name-<readable>-<hashes>         the id of the last one of that name, for who can't wait for a listing
 *
 * An id is a hash of the repository (10 characters), one of the snapshot's name in it (16), seconds (7) and chance (6).
 */
export type SnapshotTagKind = 'record' | 'part' | 'gone' | 'doubt';

/** What such a tag says. */
export interface SnapshotTag {
  readonly tag: string;
  readonly kind: SnapshotTagKind;
  readonly id: string;
  readonly repositoryHash: string;
  readonly nameHash: string;
  /** When the id was made. */
  readonly stamp: Stamp;
}

/** The repository and the name that a snapshot is of. */
export interface SnapshotPlace extends Omit<RepositoryCoordinates, 'image'> {
  readonly name: string;
}

const prefix = 'snapshot-';
const repositoryHashLength = 10;
const nameHashLength = 16;
const secondsLength = 7;
const randomLength = 6;
const idLength = repositoryHashLength + nameHashLength + secondsLength + randomLength;
const tagPattern = new RegExp(
  `^snapshot-(record|part-[0-9]{4}|gone|doubt)-[a-z0-9_.-]+-[0-9a-hjkmnp-tv-z]{${idLength}}$`,
);
const idPattern = new RegExp(`^[0-9a-hjkmnp-tv-z]{${idLength}}$`);

/** Tells snapshot tags from all others at the price of a few characters. */
export function isSnapshotTag(tag: string): boolean {
  return tag.startsWith(prefix);
}

/** What a tag says, or undefined where it is none of a snapshot. */
export function parseSnapshotTag(tag: string): SnapshotTag | undefined {
  const word = isSnapshotTag(tag) ? tagPattern.exec(tag)?.[1] : undefined;
  if (word === undefined) return undefined;
  const kind = word === 'record' || word === 'gone' || word === 'doubt' ? word : 'part';
  const id = tag.slice(-idLength);
  const nameHash = id.slice(repositoryHashLength, repositoryHashLength + nameHashLength);
  return { tag, kind, id, repositoryHash: id.slice(0, repositoryHashLength), nameHash, stamp: stampOfId(id) };
}

/** What those tags of a listing say that are snapshots'. */
export function snapshotTagsIn(listing: readonly string[]): readonly SnapshotTag[] {
  return listing.filter(isSnapshotTag).flatMap((tag) => parseSnapshotTag(tag) ?? []);
}

/** What a snapshot's tag says that was made here. */
export function ownTag(tag: string): SnapshotTag {
  const parsed = parseSnapshotTag(tag);
  if (parsed === undefined) throw new TypeError(`${tag} is no snapshot's tag`);
  return parsed;
}

/** Whether `text` can be a snapshot's id. */
export function isSnapshotId(text: string): boolean {
  return idPattern.test(text);
}

/** An id that no other snapshot ever has. `random` gives that many random bytes. */
export function newSnapshotId(place: SnapshotPlace, now: Stamp, random: (bytes: number) => Uint8Array): string {
  const fresh = encodeSeconds(Math.floor(now / 1000)) + base32(random(Math.ceil((randomLength * 5) / 8)), randomLength);
  return `${hashOfRepository(place)}${hashOfName(place)}${fresh}`;
}

/** The hash that the ids of a repository's snapshots begin with. */
export function hashOfRepository({ branch, repository }: Omit<SnapshotPlace, 'name'>): string {
  return base32(hashOf('snapshots', branch, repository), repositoryHashLength);
}

/** The hash of a snapshot's name in its repository. */
export function hashOfName({ branch, repository, name }: SnapshotPlace): string {
  return base32(hashOf('snapshot', branch, repository, name), nameHashLength);
}

export function recordTag(place: SnapshotPlace, id: string): string {
  return `${prefix}record-${readablePlace(place)}-${id}`;
}

export function partTag(place: SnapshotPlace, number: number, id: string): string {
  return `${prefix}part-${String(number).padStart(4, '0')}-${readablePlace(place)}-${id}`;
}

/** What names the id of the last snapshot of a name that was acknowledged; it ends in what the ids of all of them begin with. */
export function nameTag(place: SnapshotPlace): string {
  return `${prefix}name-${readablePlace(place)}-${hashOfRepository(place)}${hashOfName(place)}`;
}

/** What names the id of a snapshot that a tag is of. */
export function nameOf(tag: Pick<SnapshotTag, 'tag' | 'id'>): string {
  return siblingOf(tag, 'name').slice(0, -secondsLength - randomLength);
}

/** The tombstone of the snapshot that a tag is of. */
export function goneTag(tag: Pick<SnapshotTag, 'tag' | 'id'>): string {
  return siblingOf(tag, 'gone');
}

/** What says that whoever makes the snapshot that a tag is of is taken for dead. */
export function doubtTag(tag: Pick<SnapshotTag, 'tag' | 'id'>): string {
  return siblingOf(tag, 'doubt');
}

/** The record of the snapshot that a tag is of. */
export function recordOf(tag: Pick<SnapshotTag, 'tag' | 'id'>): string {
  return siblingOf(tag, 'record');
}

function siblingOf({ tag, id }: Pick<SnapshotTag, 'tag' | 'id'>, kind: SnapshotTagKind | 'name'): string {
  const words = tag.slice(prefix.length, -idLength - 1).replace(/^(?:record|part-[0-9]{4}|gone|doubt)-/, '');
  return `${prefix}${kind}-${words}-${id}`;
}

function readablePlace({ branch, repository, name }: SnapshotPlace): string {
  return [readable(branch, 20), readable(repository, 20), readable(name, 24)].join('-');
}

function stampOfId(id: string): Stamp {
  return stampOf(decodeSeconds(id.slice(-secondsLength - randomLength, -randomLength)) * 1000);
}
