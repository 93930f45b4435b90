import { formatDependency, type Dependency } from '../../apk/dependency.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { createProviders } from '../../apk/providing/providers.ts';
import { needsOf } from '../../apk/providing/provision.ts';

interface Described {
  readonly fileName: string;
  readonly entry: IndexV3Entry;
}

/**
 * Of the condemned packages those that must stay, with who needs them: what a package that stays needs at exactly that version,
 * and of what would leave a dependency unmet that an index meets now the newest. What those need stays as well.
 */
export function rescueNeeded<T extends Described>(
  indexes: readonly (readonly T[])[],
  isCondemned: (pkg: T) => boolean,
  keyOf: (pkg: T) => string,
): ReadonlyMap<string, string> {
  const rescued = new Map<string, string>();
  const stays = (pkg: T) => !isCondemned(pkg) || rescued.has(keyOf(pkg));
  const homes = indexes.map((listed) => ({
    listed,
    byKey: new Map(listed.map((pkg) => [keyOf(pkg), pkg])),
    providers: createProviders(listed),
    /** Needs that were looked at: what stays stays, so one that is met is met for good. */
    settled: new Set<string | readonly T[]>(),
  }));
  type Home = (typeof homes)[number];
  for (const { listed, providers } of homes) for (const pkg of listed) if (stays(pkg)) providers.prefer(pkg);

  const rescue = (pkg: T, needer: T) => {
    const key = keyOf(pkg);
    rescued.set(key, needer.fileName);
    for (const { byKey, providers } of homes) {
      const here = byKey.get(key);
      if (here !== undefined) providers.prefer(here);
    }
  };

  /** Those that a need has stay which would go otherwise. Many needs are on the same ones at exactly a version. */
  const wantedBy = (dependency: Dependency, { providers, settled }: Home): readonly T[] => {
    if (needsExactly(dependency)) {
      const meant = providers.exactly(dependency);
      if (settled.has(meant)) return [];
      settled.add(meant);
      return meant.filter((one) => !stays(one));
    }
    const best = providers.best(dependency);
    return best === undefined || stays(best) ? [] : [best];
  };

  /** Those that must stay because `pkg` does; `isExact` for what it needs at exactly a version. */
  const rescueFor = (pkg: T, home: Home, isExact: boolean): readonly T[] =>
    needsOf(pkg.entry).flatMap((dependency) => {
      const need = formatDependency(dependency);
      if (needsExactly(dependency) !== isExact || home.settled.has(need)) return [];
      home.settled.add(need);
      const wanted = wantedBy(dependency, home);
      for (const one of wanted) rescue(one, pkg);
      return wanted;
    });

  const rescueEverywhere = (packages: readonly (readonly T[])[], isExact: boolean): ReadonlySet<string> =>
    new Set(homes.flatMap((home, i) => (packages[i] ?? []).flatMap((pkg) => rescueFor(pkg, home, isExact).map(keyOf))));

  // What is needed exactly first, since it may meet what others need of any version.
  let fresh: readonly (readonly T[])[] = homes.map(({ listed }) => listed.filter(stays));
  let loose: T[][] = homes.map(() => []);
  while (fresh.some((packages) => packages.length > 0)) {
    for (const [i, packages] of fresh.entries()) for (const pkg of packages) loose[i]?.push(pkg);
    let found = rescueEverywhere(fresh, true);
    if (found.size === 0) {
      found = rescueEverywhere(loose, false);
      loose = homes.map(() => []);
    }
    fresh = homes.map(({ byKey }) => [...found].flatMap((key) => byKey.get(key) ?? []));
  }
  return rescued;
}

function needsExactly({ operator }: Dependency): boolean {
  return operator === '=' || operator === '><';
}
