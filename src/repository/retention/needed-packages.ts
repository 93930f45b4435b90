import type { Dependency } from '../../apk/dependency.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { bestProvider, createProviders, needsOf } from '../../apk/provision.ts';

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
    settled: new Set<string>(),
  }));
  type Home = (typeof homes)[number];

  /** Those that must stay because `pkg` does; `isExact` for what it needs at exactly a version. */
  const rescueFor = (pkg: T, { providers, settled }: Home, isExact: boolean): readonly T[] =>
    needsOf(pkg.entry).flatMap((dependency) => {
      const need = JSON.stringify(dependency);
      if (needsExactly(dependency) !== isExact || settled.has(need)) return [];
      settled.add(need);
      const fulfilling = providers.of(dependency);
      const condemned = fulfilling.filter((one) => !stays(one));
      const isMet = fulfilling.length > condemned.length;
      const best = isMet ? undefined : bestProvider(condemned, dependency, (one) => one.entry);
      const wanted = isExact ? condemned : best === undefined ? [] : [best];
      for (const one of wanted) rescued.set(keyOf(one), pkg.fileName);
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
