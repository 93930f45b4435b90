import type { Digest } from '../oci/digest.ts';
import { NOARCH } from './coordinates.ts';
import { findFile, filesOf } from './index-content.ts';
import type { IndexContent } from './index-content.ts';
import { applyChanges, indexedPackage, isSameListing } from './indexed-package.ts';
import type { IndexedPackage } from './indexed-package.ts';
import type { LiveSet } from './live-set.ts';
import type { PackageRecord } from './package-artifact.ts';
import { tagTimeMs } from './package-tag.ts';

/** A live tag and what stands under it. */
export interface LiveTag {
  readonly tag: string;
  readonly pkg: PackageRecord;
}

/** The live tags of some groups, to be asked by file name. */
export interface LiveFiles {
  readonly byFileName: ReadonlyMap<string, readonly LiveTag[]>;
}

/** What the index of one architecture is to list, seen from what its stored one lists. */
export interface IndexTarget {
  readonly files: readonly IndexedPackage[];
  /** File names whose listing differs from the stored one; none where the stored index covers exactly the live set. */
  readonly changes: ReadonlyMap<string, IndexedPackage | undefined>;
}

export function liveFiles(live: LiveSet): LiveFiles {
  const byFileName = new Map<string, LiveTag[]>();
  for (const [tag, pkg] of live) {
    const same = byFileName.get(pkg.fileName);
    if (same === undefined) byFileName.set(pkg.fileName, [{ tag, pkg }]);
    else same.push({ tag, pkg });
  }
  return { byFileName };
}

/** Whether a package of this architecture may bear a name that one of another architecture bears: not where one is noarch. */
export function sharesNames(a: string, b: string): boolean {
  return a === b || a === NOARCH || b === NOARCH;
}

/** The live tags of other content under a name that `pkg` claims. */
export function rivalsOf(files: LiveFiles, pkg: PackageRecord): readonly LiveTag[] {
  return (files.byFileName.get(pkg.fileName) ?? []).filter(
    (other) => other.pkg.digest !== pkg.digest && sharesNames(other.pkg.architecture, pkg.architecture),
  );
}

/** Whether any name that an index of `architecture` would list has several live contents. */
export function hasRivals(files: LiveFiles, architecture: string): boolean {
  for (const tags of files.byFileName.values()) {
    if (tags.length > 1 && new Set(inScope(tags, architecture).map(({ pkg }) => pkg.digest)).size > 1) return true;
  }
  return false;
}

/**
 * What the index of `architecture` is to list. Where a name has several live contents, one is chosen, and every replica
 * that has seen the same chooses the same: what this replica acknowledged, else what the index lists, else the one made
 * first, else the smaller tag.
 */
export function indexTarget(
  architecture: string,
  stored: IndexContent | undefined,
  live: LiveSet,
  files: LiveFiles,
  isAcknowledged: (tag: string) => boolean,
): IndexTarget {
  const changes = new Map<string, IndexedPackage | undefined>();
  for (const fileName of touchedNames(architecture, stored, live)) {
    const listed = stored === undefined ? undefined : findFile(stored, fileName);
    const chosen = choose(inScope(files.byFileName.get(fileName) ?? [], architecture), listed, isAcknowledged);
    if (!isSameListing(listed, chosen)) changes.set(fileName, chosen);
  }
  const before = stored === undefined ? [] : filesOf(stored);
  return { changes, files: changes.size === 0 ? before : applyChanges(before, changes) };
}

/** Names whose listing may have to change: those of listed tags that live no more, and of live tags that aren't listed. */
function touchedNames(architecture: string, stored: IndexContent | undefined, live: LiveSet): ReadonlySet<string> {
  const touched = new Set<string>();
  const listed = new Set<string>();
  for (const run of stored?.runs ?? []) {
    for (const file of run.files) {
      for (const tag of file.tags) {
        listed.add(tag);
        if (!live.has(tag)) touched.add(file.pkg.fileName);
      }
    }
  }
  for (const [tag, pkg] of live) {
    if (!listed.has(tag) && (pkg.architecture === architecture || pkg.architecture === NOARCH))
      touched.add(pkg.fileName);
  }
  return touched;
}

/** The tags that compete for a name in one architecture's index: its own, and where it has none, noarch's. */
function inScope(tags: readonly LiveTag[], architecture: string): readonly LiveTag[] {
  const own = tags.filter(({ pkg }) => pkg.architecture === architecture);
  return own.length > 0 ? own : tags.filter(({ pkg }) => pkg.architecture === NOARCH);
}

function choose(
  tags: readonly LiveTag[],
  listed: IndexedPackage | undefined,
  isAcknowledged: (tag: string) => boolean,
): IndexedPackage | undefined {
  const contents = new Map<Digest, LiveTag[]>();
  for (const live of tags) contents.set(live.pkg.digest, [...(contents.get(live.pkg.digest) ?? []), live]);
  const ranked = [...contents.values()].map((twins) => {
    const sorted = twins.map(({ tag }) => tag).sort();
    return {
      twins,
      tags: sorted,
      isAcknowledged: sorted.some(isAcknowledged),
      isListed: twins[0]?.pkg.digest === listed?.pkg.digest,
      madeMs: Math.min(...sorted.map(tagTimeMs)),
    };
  });
  ranked.sort(
    (a, b) =>
      Number(b.isAcknowledged) - Number(a.isAcknowledged) ||
      Number(b.isListed) - Number(a.isListed) ||
      a.madeMs - b.madeMs ||
      ((a.tags[0] ?? '') < (b.tags[0] ?? '') ? -1 : 1),
  );
  const [best] = ranked;
  const [first] = best === undefined ? [] : [...best.twins].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return best === undefined || first === undefined ? undefined : indexedPackage(first.pkg, best.tags);
}
