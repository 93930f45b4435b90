import type { Digest } from '../../oci/digest.ts';
import { NOARCH } from '../../protocol/coordinates.ts';
import { findFile, type IndexContent } from '../index/index-content.ts';
import { applyChanges, indexedPackage, isSameListing, type IndexedPackage } from '../index/indexed-package.ts';
import type { LiveSet, LiveTag } from './live-set.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { tagTimeMs } from '../artifacts/package-tag.ts';

/** What the index of one architecture is to list, seen from what its stored one lists. */
export interface IndexTarget {
  readonly files: readonly IndexedPackage[];
  /** File names whose listing differs from the stored one; none where the stored index covers exactly the live set. */
  readonly changes: ReadonlyMap<string, IndexedPackage | undefined>;
}

/** Whether a package of this architecture may bear a name that one of another architecture bears: not where one is noarch. */
export function sharesNames(a: string, b: string): boolean {
  return a === b || a === NOARCH || b === NOARCH;
}

/** The live tags of other content under a name that `pkg` claims. */
export function rivalsOf(live: LiveSet, pkg: PackageRecord): readonly LiveTag[] {
  return live
    .named(pkg.fileName)
    .filter((other) => other.pkg.digest !== pkg.digest && sharesNames(other.pkg.architecture, pkg.architecture));
}

/** The live tags of names that several contents claim in an index of `architecture`. */
export function contestedTags(live: LiveSet, architecture: string): readonly string[] {
  return [...contestableNames(live)].flatMap((fileName) => {
    const tags = inScope(live.named(fileName), architecture);
    return new Set(tags.map(({ pkg }) => pkg.digest)).size > 1 ? tags.map(({ tag }) => tag) : [];
  });
}

/** Whether any name that an index of `architecture` would list has several live contents. */
export function hasRivals(live: LiveSet, architecture: string): boolean {
  return contestedTags(live, architecture).length > 0;
}

/** One index lists one content of a name: a rival is listed by none, or another index disagrees about noarch. */
function contestableNames({ listed, unlisted }: LiveSet): ReadonlySet<string> {
  const names = new Set([...unlisted.values()].map((pkg) => pkg.fileName));
  if (listed.length < 2) return names;
  for (const content of listed) {
    for (const { pkg } of content.files()) if (pkg.architecture === NOARCH) names.add(pkg.fileName);
  }
  return names;
}

/** What decides between several live contents of one name. */
export interface Precedence {
  readonly standsBy: (tag: string) => boolean;
  /** Noarch's own index: what it lists of noarch files holds for every architecture. */
  readonly noarch: IndexContent | undefined;
}

/**
 * What the index of `architecture` is to list. Where a name has several live contents, one is chosen, and every replica
 * that has seen the same chooses the same: what this replica acknowledged lately, else what the index lists, else the one made
 * first, else the smaller tag.
 */
export function indexTarget(
  architecture: string,
  stored: IndexContent | undefined,
  live: LiveSet,
  { standsBy, noarch }: Precedence,
): IndexTarget {
  const changes = new Map<string, IndexedPackage | undefined>();
  for (const fileName of touchedNames(architecture, stored, live)) {
    const listed = stored === undefined ? undefined : findFile(stored, fileName);
    const competing = inScope(live.named(fileName), architecture);
    const isNoarch = competing.some(({ pkg }) => pkg.architecture === NOARCH);
    const decided = isNoarch && noarch !== undefined ? findFile(noarch, fileName) : undefined;
    const chosen = choose(competing, decided ?? listed, standsBy);
    if (!isSameListing(listed, chosen)) changes.set(fileName, chosen);
  }
  const before = stored?.files() ?? [];
  return { changes, files: changes.size === 0 ? before : applyChanges(before, changes) };
}

/** Names whose listing may have to change: those of listed tags that live no more, and of live tags that aren't listed. */
function touchedNames(architecture: string, stored: IndexContent | undefined, live: LiveSet): ReadonlySet<string> {
  const touched = new Set<string>();
  const touch = (pkg: PackageRecord) => {
    if (pkg.architecture === architecture || pkg.architecture === NOARCH) touched.add(pkg.fileName);
  };
  for (const tag of live.gone) {
    const file = stored?.byTag().get(tag);
    if (file !== undefined) touch(file.pkg);
  }
  for (const pkg of live.unlisted.values()) touch(pkg);
  for (const other of live.listed) {
    if (other === stored) continue;
    for (const [tag, { pkg }] of other.byTag()) if (stored?.byTag().has(tag) !== true) touch(pkg);
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
  standsBy: (tag: string) => boolean,
): IndexedPackage | undefined {
  const contents = new Map<Digest, LiveTag[]>();
  for (const live of tags) contents.set(live.pkg.digest, [...(contents.get(live.pkg.digest) ?? []), live]);
  const ranked = [...contents.values()].map((twins) => {
    const sorted = twins.map(({ tag }) => tag).sort();
    return {
      twins,
      tags: sorted,
      isOwn: sorted.some(standsBy),
      isListed: twins[0]?.pkg.digest === listed?.pkg.digest,
      madeMs: Math.min(...sorted.map(tagTimeMs)),
    };
  });
  ranked.sort(
    (a, b) =>
      Number(b.isOwn) - Number(a.isOwn) ||
      Number(b.isListed) - Number(a.isListed) ||
      a.madeMs - b.madeMs ||
      ((a.tags[0] ?? '') < (b.tags[0] ?? '') ? -1 : 1),
  );
  const [best] = ranked;
  const [first] = best === undefined ? [] : [...best.twins].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return best === undefined || first === undefined ? undefined : indexedPackage(first.pkg, best.tags);
}
