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
  /** What names nothing that is there. */
  readonly missing: readonly string[];
}

/**
 * The packages that `<name>` or `<name>=<version>` mean: in each architecture the newest version by apk's order, or that one; `*`
 * in a name stands for any text.
 */
export function choosePackages<T extends Described>(listed: readonly T[], wanted: readonly string[]): Chosen<T> {
  const found = new Set<T>();
  const missing: string[] = [];
  for (const one of new Set(wanted)) {
    const [name = '', version] = one.split('=', 2);
    const isNamed = wildcard(name);
    const named = listed.filter(({ entry }) => isNamed(entry.name));
    const meant = version === undefined ? newestOfEach(named) : named.filter(({ entry }) => entry.version === version);
    if (meant.length === 0) missing.push(one);
    for (const pkg of meant) found.add(pkg);
  }
  return { found: [...found], missing };
}

function newestOfEach<T extends Described>(packages: readonly T[]): readonly T[] {
  const newest = new Map<string, T>();
  for (const pkg of packages) {
    const key = `${pkg.architecture}/${pkg.entry.name}`;
    const known = newest.get(key);
    if (known === undefined || compareVersions(pkg.entry.version, known.entry.version) > 0) newest.set(key, pkg);
  }
  return [...newest.values()];
}
