import { NOARCH } from '../../apk/architectures.ts';

import { findFile, type IndexContent } from '../index/index-content.ts';
import { applyChanges, indexedPackage, isSameListing, type IndexedPackage } from '../index/indexed-package.ts';
import type { LiveSet } from './live-set.ts';
import { competingFor, resolveName, type NameFacts } from './names.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';

/** What the index of one architecture is to list, seen from what its stored one lists. */
export interface IndexTarget {
  readonly files: readonly IndexedPackage[];
  /** File names whose listing differs from the stored one; none where the stored index covers exactly the live set. */
  readonly changes: ReadonlyMap<string, IndexedPackage | undefined>;
}

/** What the index of `architecture` is to list: of each name the content that has it, with all its tags. */
export function indexTarget(
  architecture: string,
  stored: IndexContent | undefined,
  live: LiveSet,
  facts: NameFacts,
): IndexTarget {
  const changes = new Map<string, IndexedPackage | undefined>();
  for (const fileName of touchedNames(architecture, stored, live)) {
    const listed = stored === undefined ? undefined : findFile(stored, fileName);
    const { owner } = resolveName(competingFor(live, fileName, architecture), live, facts);
    const tags = owner.map(({ tag }) => tag);
    const chosen = owner[0] && indexedPackage(owner[0].pkg, tags);
    if (!isSameListing(listed, chosen)) changes.set(fileName, chosen);
  }
  const before = stored?.files() ?? [];
  return { changes, files: changes.size === 0 ? before : applyChanges(before, changes) };
}

/** Files of a stored index that bear one of these tags without saying that it is held, as they should say it. */
export function unmarkedFiles(stored: IndexContent, held: readonly string[]): ReadonlyMap<string, IndexedPackage> {
  const marked = new Map<string, IndexedPackage>();
  for (const tag of held) {
    const file = stored.byTag().get(tag);
    if (file === undefined || file.held.includes(tag)) continue;
    const { pkg, tags, held: others } = marked.get(file.pkg.fileName) ?? file;
    marked.set(pkg.fileName, indexedPackage(pkg, tags, [...others, tag]));
  }
  return marked;
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
