import type { Dependency } from '../../apk/dependency.ts';
import { grouped } from '../../apk/providing/grouped.ts';
import { fulfils, needsOf, provisionsOf, understood, type Provision } from '../../apk/providing/provision.ts';
import { createPackageSearch, type PackageSearch } from './package-search.ts';
import type { IndexListing, ListedPackage } from '../service/catalog.ts';

/** One version of an index, made ready for looking things up in it. */
export interface PackageCatalog extends PackageSearch {
  readonly etag: string;
  /** All versions, in the index's order. */
  readonly packages: readonly ListedPackage[];
  /** The versions of one name, newest first; empty where there is none. */
  versionsOf(name: string): readonly ListedPackage[];
  /** What fulfils a token of `D:` or `i:`: the newest fulfilling version of each name; empty for a conflict. */
  providersOf(token: string): readonly ListedPackage[];
  /** What this very version fulfils a dependency of: the newest such version of each name. */
  dependentsOf(pkg: ListedPackage): readonly ListedPackage[];
  /** What was built from that source package: the newest version of each name, in the index's order. */
  builtFrom(origin: string): readonly ListedPackage[];
}

interface Provided {
  readonly pkg: ListedPackage;
  readonly provision: Provision;
}

interface Need {
  readonly pkg: ListedPackage;
  readonly dependency: Dependency;
}

/** The catalog of a listing. Its maps of who provides and who needs a name are made when first asked for. */
export function createPackageCatalog(listing: IndexListing): PackageCatalog {
  const packages = listing.packages();
  const byName = grouped(packages.map((pkg) => [pkg.entry.name, pkg]));
  const newest = [...byName.values()].flatMap((versions) => versions.at(-1) ?? []);
  const provisions = once(() => grouped(packages.flatMap(provisionedBy)));
  const needs = once(() => grouped(packages.flatMap(neededBy)));
  const bySource = once(() => grouped(newest.map((pkg) => [pkg.entry.origin ?? pkg.entry.name, pkg])));

  return {
    ...createPackageSearch(newest),
    etag: listing.etag,
    packages,
    versionsOf: (name) => byName.get(name)?.toReversed() ?? [],
    providersOf(token) {
      const dependency = understood(token);
      if (dependency === undefined || dependency.isConflict) return [];
      const candidates = provisions().get(dependency.name) ?? [];
      return newestOfEachName(candidates.filter(({ provision }) => fulfils(provision, dependency)));
    },
    builtFrom: (origin) => bySource().get(origin) ?? [],
    dependentsOf(pkg) {
      const fulfilled = provisionsOf(pkg.entry).flatMap((provision) =>
        (needs().get(provision.name) ?? []).filter(({ dependency }) => fulfils(provision, dependency)),
      );
      return newestOfEachName(fulfilled);
    },
  };
}

function provisionedBy(pkg: ListedPackage): (readonly [string, Provided])[] {
  return provisionsOf(pkg.entry).map((provision) => [provision.name, { pkg, provision }]);
}

function neededBy(pkg: ListedPackage): (readonly [string, Need])[] {
  return needsOf(pkg.entry).map((dependency) => [dependency.name, { pkg, dependency }]);
}

/** Sorted by name. In an index the newest version of a name comes last. */
function newestOfEachName(found: readonly { readonly pkg: ListedPackage }[]): readonly ListedPackage[] {
  const newest = new Map(found.map(({ pkg }) => [pkg.entry.name, pkg]));
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pkg]) => pkg);
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
