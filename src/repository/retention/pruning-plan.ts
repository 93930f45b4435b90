import { grouped } from '../../apk/providing/grouped.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { compareTokenized, tokensOf } from '../../apk/version.ts';
import { wildcard } from '../../protocol/glob.ts';
import type { PruningPolicy } from '../service/retention.ts';
import { rescueNeeded } from './needed-packages.ts';
import { pathOf } from '../artifacts/package-manifest.ts';

/** A package as one index lists it, as far as it matters for whether it may go. */
export interface PrunablePackage {
  /** As the file was made for: a noarch one is in the index of every architecture. */
  readonly architecture: string;
  readonly fileName: string;
  readonly entry: IndexV3Entry;
  /** When it was pushed, in ms. */
  readonly pushedMs: number;
}

/** One package that a policy would have go, and what becomes of it. */
export interface PruningVerdict<T extends PrunablePackage> {
  readonly pkg: T;
  /** False where something that stays needs it. */
  readonly goes: boolean;
  /** For people. */
  readonly why: string;
}

/**
 * What goes from a repository by a policy, and what only stays because something needs it; `indexes` are what the index of each
 * architecture lists. The newest version of a name never goes, nor what a package that stays needs at exactly that version, nor
 * what would leave a dependency unmet that is met now.
 */
export function planPruning<T extends PrunablePackage>(
  indexes: readonly (readonly T[])[],
  policy: PruningPolicy,
  nowMs: number,
): readonly PruningVerdict<T>[] {
  const packages = [...new Map(indexes.flat().map((pkg) => [pathOf(pkg), pkg])).values()];
  const isAbout = namesOf(policy);
  const condemned = new Map<string, string>();
  for (const versions of byNameAndArchitecture(packages)) {
    if (!isAbout(versions[0]?.entry.name ?? '')) continue;
    for (const [rank, pkg] of versions.entries()) {
      const why = whyItGoes(pkg, rank, policy, nowMs);
      if (why !== undefined) condemned.set(pathOf(pkg), why);
    }
  }
  const needed = rescueNeeded(indexes, (pkg) => condemned.has(pathOf(pkg)), pathOf);
  return packages.flatMap((pkg) => {
    const why = condemned.get(pathOf(pkg));
    const needer = needed.get(pathOf(pkg));
    if (why === undefined) return [];
    return [needer === undefined ? { pkg, goes: true, why } : { pkg, goes: false, why: `${needer} needs it` }];
  });
}

/** The versions of each name in each architecture, the newest first by apk's order, then by when they were pushed. */
function byNameAndArchitecture<T extends PrunablePackage>(packages: readonly T[]): readonly (readonly T[])[] {
  const described = packages.map((pkg) => ({ pkg, tokens: tokensOf(pkg.entry.version) }));
  const groups = grouped(described.map((one) => [`${one.pkg.architecture}/${one.pkg.entry.name}`, one]));
  const newestFirst = (a: (typeof described)[number], b: (typeof described)[number]) =>
    compareTokenized(b.tokens, a.tokens) ||
    b.pkg.pushedMs - a.pkg.pushedMs ||
    (a.pkg.fileName < b.pkg.fileName ? -1 : 1);
  return [...groups.values()].map((group) => group.toSorted(newestFirst).map(({ pkg }) => pkg));
}

/** Tells of a package's name whether a policy is about it; the patterns are held against each of many names. */
function namesOf({ names = ['*'], except = [] }: PruningPolicy): (name: string) => boolean {
  const [wanted, spared] = [names.map(wildcard), except.map(wildcard)];
  return (name) => wanted.some((fits) => fits(name)) && !spared.some((fits) => fits(name));
}

/** Why a policy has the package go that has `rank` newer versions; undefined where it stays. */
function whyItGoes(pkg: PrunablePackage, rank: number, policy: PruningPolicy, nowMs: number): string | undefined {
  const { keep = 1, olderThanMs = 0 } = policy;
  if (rank < Math.max(1, keep)) return undefined;
  const ageMs = nowMs - pkg.pushedMs;
  if (ageMs < olderThanMs) return undefined;
  const newer = `${rank} newer ${rank === 1 ? 'version' : 'versions'}`;
  return `${newer}, pushed ${formatAge(ageMs)} ago`;
}

/** A duration in its largest whole unit. */
function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
