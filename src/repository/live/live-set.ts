import type { CallOptions, ImageStore } from '../../store/store.ts';
import { findFile, type IndexContent } from '../index/index-content.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { askForTag, type Presence } from './absence.ts';
import { buriedBy, peekKind, peekTag } from '../artifacts/package-tag.ts';
import type { Sightings } from './sightings.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { BeginProgress } from './reading-progress.ts';

/** A live tag and the package that it holds. */
export interface LiveTag {
  readonly tag: string;
  readonly pkg: PackageRecord;
}

/**
 * The package tags that live, told by how they differ from what the stored indexes list: an index has tens of thousands, a
 * difference nearly always less than ten.
 */
export interface LiveSet {
  /** What the indexes that were read list. */
  readonly listed: readonly IndexContent[];
  /** Tags that one of them lists and that live no more. */
  readonly gone: ReadonlySet<string>;
  /** Live tags that none of them lists. */
  readonly unlisted: ReadonlyMap<string, PackageRecord>;
  /** Live tags that the listing doesn't show. */
  readonly unshown: ReadonlySet<string>;
  /** Those among them that weren't found by name either: they live by the word of an index. */
  readonly unseen: ReadonlySet<string>;
  /** Tags that the listing shows and whose content nobody could tell yet: none of them counts as live. */
  readonly unread: ReadonlySet<string>;
  /** Those among them of which something else came, for the first time. */
  readonly garbled: ReadonlySet<string>;
  /** Tags in the listing that keep bytes of what is dead, or may be. */
  readonly kept: readonly string[];
  has(tag: string): boolean;
  get(tag: string): PackageRecord | undefined;
  /** The live tags of files of that name, of every architecture that was looked at. */
  named(fileName: string): readonly LiveTag[];
  /** Names that a live tag bears which none of the indexes lists, and another live tag beside it. */
  crowdedNames(): Iterable<string>;
}

export interface Witnesses {
  /** What the stored indexes list; read before the listing was. */
  readonly indexed: readonly IndexContent[];
  /** The image's tags, each once. */
  readonly listing: readonly string[];
  /** What this replica has seen itself. */
  readonly sightings: Sightings;
}

export interface Questions {
  /** The most tags whose content is known that one look asks for by name. The rest is asked in turn. */
  readonly max: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** Called as each is answered. */
  readonly beginProgress?: BeginProgress | undefined;
}

interface Candidate {
  readonly tag: string;
  /** What the tag holds, where this replica knows it already. */
  readonly pkg: PackageRecord | undefined;
}

interface Sifted {
  readonly gone: Set<string>;
  readonly unlisted: Map<string, PackageRecord>;
  readonly unshown: Set<string>;
  readonly kept: readonly string[];
  /** Tags to be asked for by name. */
  readonly doubtful: readonly Candidate[];
}

/**
 * Works out the live set of some groups from three witnesses, none of which is believed alone: a listing may lag or omit, an
 * index may be a dead writer's, a read by name may be answered by a replica of the registry that is behind. Where listing
 * and index agree nothing is asked; a tombstone is final; every other tag is asked for by name, and lives by the word of
 * whoever showed it until its death is proven.
 */
export async function judgeLiveSet(
  image: ImageStore,
  groupHashes: ReadonlySet<string>,
  witnesses: Witnesses,
  questions: Questions,
  options: CallOptions = {},
): Promise<LiveSet> {
  const { gone, unlisted, unshown, doubtful, kept } = sift(groupHashes, witnesses);
  const unseen = new Set<string>();
  const unread = new Set<string>();
  const garbled = new Set<string>();
  const isIndexed = (tag: string) => witnesses.indexed.some((content) => content.byTag().has(tag));
  const settle = (tag: string, presence: Presence) => {
    if (presence.state === 'gone') {
      if (isIndexed(tag)) gone.add(tag);
      unshown.delete(tag);
      return;
    }
    if (presence.state === 'garbled') {
      garbled.add(tag);
      unread.add(tag);
      return;
    }
    const isUnseen = presence.state === 'unseen' && unshown.has(tag);
    // This replica put it, and nobody shows it: perhaps not yet, perhaps no more.
    if (isUnseen && !isIndexed(tag)) {
      unshown.delete(tag);
      return;
    }
    if (isUnseen) unseen.add(tag);
    if (presence.pkg === undefined) unread.add(tag);
    else if (!isIndexed(tag)) unlisted.set(tag, presence.pkg);
  };
  const unknown = doubtful.filter((candidate) => candidate.pkg === undefined);
  const known = doubtful.filter((candidate) => candidate.pkg !== undefined);
  // Past the limit the witness's word stands for now; whoever is asked becomes fresh, so the next look asks the others.
  for (const { tag, pkg } of known.slice(questions.max)) settle(tag, { state: 'unseen', pkg });
  const asked = [...unknown, ...known.slice(0, questions.max)];
  const progress = questions.beginProgress?.(asked.length);
  // Who is shown nothing may lack the right: that a tag isn't there for them is no proof to others.
  const isShownSomething = witnesses.indexed.length > 0 || witnesses.listing.length > 0;
  const sightings = isShownSomething ? witnesses.sightings : { ...witnesses.sightings, missed: () => false };
  await inParallel(asked, questions.concurrency, async (candidate) => {
    settle(candidate.tag, await askForTag(image, candidate, sightings, options));
    progress?.passed();
  }).finally(progress?.end);
  return liveSet({ listed: witnesses.indexed, gone, unlisted, unshown, unseen, unread, garbled, kept });
}

/** The live set that differs from these indexes so. */
function liveSet(told: Omit<LiveSet, 'has' | 'get' | 'named' | 'crowdedNames'>): LiveSet {
  const { listed, gone, unlisted } = told;
  const listedAs = (tag: string) => {
    for (const content of listed) {
      const file = content.byTag().get(tag);
      if (file !== undefined) return file.pkg;
    }
    return undefined;
  };
  let byName: ReadonlyMap<string, string | readonly string[]> | undefined;
  const unlistedNames = () => (byName ??= byFileName(unlisted));
  const get = (tag: string) => unlisted.get(tag) ?? (gone.has(tag) ? undefined : listedAs(tag));
  return {
    ...told,
    get,
    has: (tag) => get(tag) !== undefined,
    named(fileName) {
      const found = new Map<string, PackageRecord>();
      for (const content of listed) {
        const file = findFile(content, fileName);
        for (const tag of file?.tags ?? []) if (file !== undefined && !gone.has(tag)) found.set(tag, file.pkg);
      }
      for (const tag of [unlistedNames().get(fileName) ?? []].flat()) {
        const pkg = unlisted.get(tag);
        if (pkg !== undefined) found.set(tag, pkg);
      }
      return [...found].map(([tag, pkg]) => ({ tag, pkg }));
    },
    *crowdedNames() {
      for (const [fileName, tags] of unlistedNames()) {
        const isCrowded = typeof tags !== 'string' || listed.some((content) => findFile(content, fileName));
        if (isCrowded) yield fileName;
      }
    },
  };
}

/** The tags of each name, or the only one: where an index was lost there are 100,000 names. */
function byFileName(tags: ReadonlyMap<string, PackageRecord>): ReadonlyMap<string, string | readonly string[]> {
  const names = new Map<string, string | string[]>();
  for (const [tag, { fileName }] of tags) {
    const same = names.get(fileName);
    if (same === undefined) names.set(fileName, tag);
    else if (typeof same === 'string') names.set(fileName, [same, tag]);
    else same.push(tag);
  }
  return names;
}

/** Compares the witnesses without asking. */
function sift(groupHashes: ReadonlySet<string>, { indexed, listing, sightings }: Witnesses): Sifted {
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
