import { hash } from 'node:crypto';
import { compareIndexEntries } from '../../apk/index/index-entry.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';

/** A package as one index lists it: one record, and every live tag that holds these bytes (more than one where twins met). */
export interface IndexedPackage {
  readonly pkg: PackageRecord;
  /** Sorted, at least one. */
  readonly tags: readonly string[];
  /** Those of the tags, sorted, whose pushers never withdraw them any more. */
  readonly held: readonly string[];
  /** Decides whether a run begins here (index-runs.ts). */
  readonly cutHash: number;
}

/** The package as an index lists it; who pushed it is taken from its first tag, so that the same set gives the same words. */
export function indexedPackage(
  pkg: PackageRecord,
  tags: readonly string[],
  held: readonly string[] = [],
): IndexedPackage {
  return {
    pkg,
    tags: [...tags].sort(),
    held: held.length === 0 ? nothing : [...held].sort(),
    cutHash: cutHash(pkg),
  };
}

const nothing: readonly string[] = [];

/** The order of records in an index: name, version, identity; then the architecture, so that it is total. */
export function compareIndexed(a: IndexedPackage, b: IndexedPackage): number {
  return compareIndexEntries(a.pkg.entry, b.pkg.entry) || (a.pkg.architecture < b.pkg.architecture ? -1 : 1);
}

/** Whether two listings of one file say the same: same bytes under the same tags. */
export function isSameListing(a: IndexedPackage | undefined, b: IndexedPackage | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.pkg.digest === b.pkg.digest && isSameList(a.tags, b.tags);
}

/** Whether an index of the one is, byte for byte, an index of the other. */
export function saysTheSame(a: IndexedPackage, b: IndexedPackage | undefined): boolean {
  return a === b || (a.pkg === b?.pkg && isSameList(a.tags, b.tags) && isSameList(a.held, b.held));
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/**
 * `sorted` with some files replaced: `changes` maps a file name to what is to be listed for it, or undefined for nothing.
 * What doesn't change stays the same object, by which an unchanged run is known.
 */
export function applyChanges(
  sorted: readonly IndexedPackage[],
  changes: ReadonlyMap<string, IndexedPackage | undefined>,
): readonly IndexedPackage[] {
  const merged = sorted.filter(({ pkg }) => !changes.has(pkg.fileName));
  const added = [...changes.values()].filter((file) => file !== undefined);
  if (added.length > maxInsertions) return merged.concat(added).sort(compareIndexed);
  for (const file of added) merged.splice(placeOf(merged, file), 0, file);
  return merged;
}

/** Past so many, sorting again is cheaper than finding each one's place. */
const maxInsertions = 256;

/** Where a file belongs among sorted ones. */
function placeOf(sorted: readonly IndexedPackage[], file: IndexedPackage): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && compareIndexed(other, file) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 28 bits: a number of more may take an object of its own in memory, and there may be 100,000. */
function cutHash(pkg: PackageRecord): number {
  return parseInt(hash('sha256', pkg.fileName).slice(1, 8), 16);
}
