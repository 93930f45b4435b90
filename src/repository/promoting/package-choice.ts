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
  const namedBy = byName(listed);
  for (const one of new Set(wanted)) {
    const [name = '', version] = one.split('=', 2);
    const named = namedBy(name);
    const meant = version === undefined ? newestOfEach(named) : named.filter(({ entry }) => entry.version === version);
    if (meant.length === 0) missing.push(one);
    for (const pkg of meant) {
      found.add(pkg);
      if (version !== undefined) exact.add(pkg);
    }
  }
  return { found: [...found], newest: new Set([...found].filter((pkg) => !exact.has(pkg))), missing };
}

/** Looks for what has a name: there may be 10,000 whole ones, but few patterns. */
function byName<T extends Described>(listed: readonly T[]): (name: string) => readonly T[] {
  const names = new Map<string, T[]>();
  for (const one of listed) {
    const known = names.get(one.entry.name);
    if (known === undefined) names.set(one.entry.name, [one]);
    else known.push(one);
  }
  return (name) => {
    if (!name.includes('*')) return names.get(name) ?? [];
    const fits = wildcard(name);
    return listed.filter(({ entry }) => fits(entry.name));
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
