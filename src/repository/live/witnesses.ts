import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { buriedBy, peekKind, peekTag } from '../artifacts/package-tag.ts';
import type { IndexContent } from '../index/index-content.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { Sightings } from './sightings.ts';

export interface Witnesses {
  /** What the stored indexes list; read before the listing was. */
  readonly indexed: readonly IndexContent[];
  /** The image's tags, each once. */
  readonly listing: readonly string[];
  /** What this replica has seen itself. */
  readonly sightings: Sightings;
}

/** A tag to be asked for by name. */
export interface Candidate {
  readonly tag: string;
  /** What the tag holds, where this replica knows it already. */
  readonly pkg: PackageRecord | undefined;
}

/** What the witnesses tell without being asked. */
export interface Sifted {
  readonly gone: Set<string>;
  readonly unlisted: Map<string, PackageRecord>;
  readonly unshown: Set<string>;
  readonly kept: readonly string[];
  /** Tags to be asked for by name. */
  readonly doubtful: readonly Candidate[];
}

/** Compares the witnesses without asking. */
export function sift(groupHashes: ReadonlySet<string>, { indexed, listing, sightings }: Witnesses): Sifted {
  const union = unionOf(indexed);
  const { fresh, buried, kept, shared } = sortListing(groupHashes, listing, union);
  for (const tag of buried) if (!sightings.isBuried(tag)) sightings.buried(tag);
  const missing = shared === union.size ? new Map<string, IndexedPackage>() : missingFrom(listing, union);
  for (const tag of sightings.missedTags()) if (union.has(tag) && !missing.has(tag)) sightings.returned(tag);
  const dead = [...buried, ...sightings.buriedTags(), ...sightings.absentTags()];
  const gone = new Set(dead.filter((tag) => union.has(tag)));
  // What was found by name lately is believed before a listing only where listings are known to be behind.
  const isFound = (tag: string) => sightings.isLagging() && sightings.isFound(tag);
  const unlisted = new Map<string, PackageRecord>();
  const unshown = new Set<string>();
  const doubtful: Candidate[] = [];
  for (const [tag, { pkg }] of missing) {
    if (gone.has(tag)) continue;
    unshown.add(tag);
    if (!isFound(tag)) doubtful.push({ tag, pkg });
  }
  const isMine = (tag: string) => !union.has(tag) && groupHashes.has(peekTag(tag)?.groupHash ?? '');
  const own = new Set(sightings.ownTags().filter(isMine));
  const consider = (tag: string, isShown: boolean) => {
    if (buried.has(tag) || sightings.isBuried(tag)) return;
    const pkg = sightings.recordOf(tag);
    if (!isShown) unshown.add(tag);
    if (pkg !== undefined && (isShown ? sightings.isFresh(tag) : isFound(tag))) unlisted.set(tag, pkg);
    else doubtful.push({ tag, pkg });
  };
  for (const tag of fresh) {
    own.delete(tag);
    consider(tag, true);
  }
  for (const tag of own) consider(tag, false);
  return { gone, unlisted, unshown, doubtful, kept };
}

function unionOf(indexed: readonly IndexContent[]): ReadonlyMap<string, IndexedPackage> {
  const [first, ...others] = indexed.map((content) => content.byTag());
  if (first === undefined || others.length === 0) return first ?? new Map<string, IndexedPackage>();
  const union = new Map(first);
  for (const tags of others) for (const [tag, file] of tags) union.set(tag, file);
  return union;
}

/** What a listing shows of some groups: package tags that no index lists, buried ones, what is kept of the dead, and how many an index lists too. */
function sortListing(
  groupHashes: ReadonlySet<string>,
  listing: readonly string[],
  union: ReadonlyMap<string, IndexedPackage>,
) {
  const fresh: string[] = [];
  const buried = new Set<string>();
  const kept: string[] = [];
  const hashes = [...groupHashes];
  let shared = 0;
  for (const tag of listing) {
    // Most of a listing is other groups': they are told apart without making anything.
    if (!hashes.some((hash) => tag.startsWith(hash))) continue;
    if (union.has(tag)) {
      shared += 1;
      continue;
    }
    const kind = peekKind(tag);
    if (kind === 'package') fresh.push(tag);
    else if (kind === 'tombstone') buried.add(buriedBy(tag));
    else if (kind === 'kept' || kind === 'withdrawn') kept.push(tag);
  }
  return { fresh, buried, kept, shared };
}

function missingFrom(listing: readonly string[], union: ReadonlyMap<string, IndexedPackage>) {
  const listed = new Set(listing);
  return new Map([...union].filter(([tag]) => !listed.has(tag)));
}
