import { grouped } from '../../apk/providing/grouped.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { compareVersions } from '../../apk/version.ts';
import { wildcard } from '../../protocol/glob.ts';

interface Described {
  readonly architecture: string;
  readonly entry: IndexV3Entry;
}

export interface Chosen<T> {
  /** Each once. */
  readonly found: readonly T[];
  /** Those of them that are meant for being the newest alone. */
  readonly newest: ReadonlySet<T>;
  /** What names nothing that is there. */
  readonly missing: readonly string[];
}

/**
 * The packages that `<name>` or `<name>=<version>` mean: in each architecture the newest version by apk's order, or that one; `*`
 * in a name stands for any text.
 */
export function choosePackages<T extends Described>(listed: readonly T[], wanted: readonly string[]): Chosen<T> {
  const [found, exact] = [new Set<T>(), new Set<T>()];
  const missing: string[] = [];
  const packagesOf = packagesBy(listed);
  for (const one of new Set(wanted)) {
    const [name = '', version] = one.split('=', 2);
    const named = packagesOf(name, version);
    const meant = version === undefined ? newestOfEach(named) : named;
    if (meant.length === 0) missing.push(one);
    for (const pkg of meant) {
      found.add(pkg);
      if (version !== undefined) exact.add(pkg);
    }
  }
  return { found: [...found], newest: new Set([...found].filter((pkg) => !exact.has(pkg))), missing };
}

/** Looks for what a wanted one is about: there may be 10,000 without a pattern, each about few, but few patterns. */
function packagesBy<T extends Described>(listed: readonly T[]): (name: string, version?: string) => readonly T[] {
  const names = grouped(listed.map((one) => [one.entry.name, one]));
  const versions = grouped(listed.map((one) => [`${one.entry.name}=${one.entry.version}`, one]));
  return (name, version) => {
    const isMeant = (one: T) => version === undefined || one.entry.version === version;
    if (!name.includes('*'))
      return (version === undefined ? names.get(name) : versions.get(`${name}=${version}`)) ?? [];
    const fits = wildcard(name);
    return listed.filter((one) => isMeant(one) && fits(one.entry.name));
  };
}

/** The newest version of each name in each architecture, by apk's order. */
export function newestOfEach<T extends Described>(packages: readonly T[]): readonly T[] {
  const newest = new Map<string, T>();
  for (const pkg of packages) {
    const key = nameOf(pkg);
    const known = newest.get(key);
    if (known === undefined || compareVersions(pkg.entry.version, known.entry.version) > 0) newest.set(key, pkg);
  }
  return [...newest.values()];
}

/** A name in an architecture. */
export function nameOf({ architecture, entry }: Described): string {
  return `${architecture}/${entry.name}`;
}
