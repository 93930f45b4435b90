import type { CallOptions, ImageStore } from '../../store/store.ts';
import { findFile, type IndexContent } from '../index/index-content.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { askForTag, type Presence } from './absence.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { BeginProgress } from './reading-progress.ts';
import type { Sightings } from './sightings.ts';
import { sift, type Candidate, type Witnesses } from './witnesses.ts';

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
  /** The live tags of files of that name, of every architecture that was looked at. */
  named(fileName: string): readonly LiveTag[];
  /** Names that a live tag bears which none of the indexes lists, and another live tag beside it. */
  crowdedNames(): Iterable<string>;
}

export interface Questions {
  /** The most tags whose content is known that one look asks for by name. The rest is asked in turn. */
  readonly max: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** Called as each is answered. */
  readonly beginProgress?: BeginProgress | undefined;
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
  const ask = async (candidate: Candidate) => {
    const { tag } = candidate;
    const asking = () => askForTag(image, candidate, sightings, options);
    settle(tag, toldSince(candidate, sightings) ?? (await sightings.asking(tag, asking)));
    progress?.passed();
  };
  // Looks beside this one may read the same 100,000: what one asks for now the others leave to it, and look again in the end.
  const left: Candidate[] = [];
  const askUnlessAsked = async (candidate: Candidate) => {
    if (candidate.pkg === undefined && sightings.isAsked(candidate.tag)) left.push(candidate);
    else await ask(candidate);
  };
  try {
    await inParallel(asked, questions.concurrency, askUnlessAsked);
    await inParallel(left, questions.concurrency, ask);
  } finally {
    progress?.end();
  }
  return liveSet({ listed: witnesses.indexed, gone, unlisted, unshown, unseen, unread, garbled, kept });
}

/** What has been told since the witnesses were compared of a tag that nobody knew then. */
function toldSince({ tag, pkg: before }: Candidate, sightings: Sightings): Presence | undefined {
  if (before !== undefined) return undefined;
  if (sightings.isBuried(tag) || sightings.isAbsent(tag)) return { state: 'gone' };
  const pkg = sightings.recordOf(tag);
  return pkg && { state: 'found', pkg };
}

/** The live set that differs from these indexes so. */
function liveSet(told: Omit<LiveSet, 'has' | 'named' | 'crowdedNames'>): LiveSet {
  const { listed, gone, unlisted } = told;
  let byName: ReadonlyMap<string, string | readonly string[]> | undefined;
  const unlistedNames = () => (byName ??= byFileName(unlisted));
  return {
    ...told,
    has: (tag) => unlisted.has(tag) || (!gone.has(tag) && listed.some((content) => content.byTag().has(tag))),
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
