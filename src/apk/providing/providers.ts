import type { Dependency } from '../dependency.ts';
import { grouped } from './grouped.ts';
import { createNameProviders, type NameProviders } from './name-providers.ts';
import { provisionsOf, type Provider } from './provision.ts';

/** Packages by what they provide. A question compares with few of those who provide a name, however many versions of it there are. */
export interface Providers<T> {
  /** All that fulfil a dependency, in no order; who provides a name more than once may come as often. */
  all(dependency: Dependency): readonly T[];
  /**
   * All that fulfil a dependency on exactly a version or an identity, the same array for the same ones; none for other
   * dependencies.
   */
  exactly(dependency: Dependency): readonly T[];
  /**
   * Of those that fulfil a dependency the one to take: a preferred one before others, then of that very name before those that
   * provide it, then the newest.
   */
  best(dependency: Dependency): T | undefined;
  prefer(pkg: T): void;
}

export function createProviders<T extends { readonly entry: Provider }>(packages: readonly T[]): Providers<T> {
  const provided = grouped(
    packages.flatMap((pkg) =>
      provisionsOf(pkg.entry).map((provision) => [provision.name, { pkg, provision }] as const),
    ),
  );
  const preferred = new Set<T>();
  const asked = new Map<string, NameProviders<T>>();

  /** Those of a name are put in order when it is first asked for. */
  const named = ({ name }: Dependency): NameProviders<T> | undefined => {
    const [known, given] = [asked.get(name), provided.get(name)];
    if (known !== undefined || given === undefined) return known;
    const providers = createNameProviders(given);
    for (const { pkg } of given) if (preferred.has(pkg)) providers.prefer(pkg);
    asked.set(name, providers);
    return providers;
  };

  return {
    all: (dependency) => named(dependency)?.all(dependency) ?? [],
    exactly: (dependency) => named(dependency)?.exactly(dependency) ?? [],
    best: (dependency) => named(dependency)?.best(dependency),
    prefer(pkg) {
      preferred.add(pkg);
      for (const { name } of provisionsOf(pkg.entry)) asked.get(name)?.prefer(pkg);
    },
  };
}
