import type { Dependency } from '../../apk/dependency.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { bestProvider, fulfils, needsOf, provisionsOf, type Provision } from '../../apk/provision.ts';

interface Described {
  readonly fileName: string;
  readonly entry: IndexV3Entry;
}

interface Provided<T> {
  readonly pkg: T;
  readonly provision: Provision;
}

type Provisions<T> = ReadonlyMap<string, readonly Provided<T>[]>;

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
  const homes = indexes.map((listed) => ({ listed, provisions: provisionsIn(listed) }));

  /** Those that must stay because `pkg` does; `isExact` for what it needs at exactly a version. */
  const rescueFor = (pkg: T, provisions: Provisions<T>, isExact: boolean): readonly T[] =>
    needsOf(pkg.entry).flatMap((dependency) => {
      if (needsExactly(dependency) !== isExact) return [];
      const providers = (provisions.get(dependency.name) ?? []).filter(({ provision }) =>
        fulfils(provision, dependency),
      );
      const condemned = providers.filter((one) => !stays(one.pkg)).map((one) => one.pkg);
      const isMet = providers.length > condemned.length;
      const best = isMet ? undefined : bestProvider(condemned, dependency, (one) => one.entry);
      const wanted = isExact ? condemned : best === undefined ? [] : [best];
      for (const one of wanted) rescued.set(keyOf(one), pkg.fileName);
      return wanted;
    });

  const rescueEverywhere = (packages: readonly (readonly T[])[], isExact: boolean): ReadonlySet<string> =>
    new Set(
      homes.flatMap(({ provisions }, i) =>
        (packages[i] ?? []).flatMap((pkg) => rescueFor(pkg, provisions, isExact).map(keyOf)),
      ),
    );
  const listedThatStay = () => homes.map(({ listed }) => listed.filter(stays));

  // What is needed exactly first, since it may meet what others need of any version.
  for (let fresh = listedThatStay(); fresh.some((packages) => packages.length > 0);) {
    const exact = rescueEverywhere(fresh, true);
    const found = exact.size > 0 ? exact : rescueEverywhere(listedThatStay(), false);
    fresh = homes.map(({ listed }) => listed.filter((pkg) => found.has(keyOf(pkg))));
  }
  return rescued;
}

function provisionsIn<T extends Described>(packages: readonly T[]): Provisions<T> {
  const provisions = new Map<string, Provided<T>[]>();
  for (const pkg of packages) {
    for (const provision of provisionsOf(pkg.entry)) {
      const known = provisions.get(provision.name);
      if (known === undefined) provisions.set(provision.name, [{ pkg, provision }]);
      else known.push({ pkg, provision });
    }
  }
  return provisions;
}

function needsExactly({ operator }: Dependency): boolean {
  return operator === '=' || operator === '><';
}
