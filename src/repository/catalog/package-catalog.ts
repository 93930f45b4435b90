import { grouped } from '../../apk/providing/grouped.ts';
import { createProviders } from '../../apk/providing/providers.ts';
import { needsOf, provisionsOf, understood } from '../../apk/providing/provision.ts';
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

/** The catalog of a listing. Its maps of who provides and who needs a name are made when first asked for. */
export function createPackageCatalog(listing: IndexListing): PackageCatalog {
  const packages = listing.packages();
  const byName = grouped(packages.map((pkg) => [pkg.entry.name, pkg]));
  const newest = [...byName.values()].flatMap((versions) => versions.at(-1) ?? []);
  const ranked = once(() => rankedByName(packages));
  const providers = once(() => createProviders(ranked()));
  const needs = once(() => grouped(ranked().flatMap(neededBy)));
  const bySource = once(() => grouped(newest.map((pkg) => [pkg.entry.origin ?? pkg.entry.name, pkg])));

  return {
    ...createPackageSearch(newest),
    etag: listing.etag,
    packages,
    versionsOf: (name) => byName.get(name)?.toReversed() ?? [],
    providersOf(token) {
      const dependency = understood(token);
      if (dependency === undefined || dependency.isConflict) return [];
      return newestOfEachName(ranked(), providers().all(dependency));
    },
    builtFrom: (origin) => bySource().get(origin) ?? [],
    dependentsOf(pkg) {
      const own = createProviders([pkg]);
      const names = new Set(provisionsOf(pkg.entry).map(({ name }) => name));
      const asking = [...names].flatMap((name) => needs().get(name) ?? []);
      const fulfilled = asking.filter(({ need }) => own.best(need) !== undefined);
      return newestOfEachName(
        ranked(),
        fulfilled.map(({ one }) => one),
      );
    },
  };
}

/** A package, and its place and its name's in the order of names. In an index the newest version of a name comes last. */
interface Ranked {
  readonly pkg: ListedPackage;
  readonly entry: ListedPackage['entry'];
  readonly rank: number;
  readonly nameRank: number;
}

function rankedByName(packages: readonly ListedPackage[]): readonly Ranked[] {
  const byName = [...grouped(packages.map((pkg) => [pkg.entry.name, pkg]))].sort(([a], [b]) => (a < b ? -1 : 1));
  const sorted = byName.flatMap(([, versions], nameRank) => versions.map((pkg) => ({ pkg, nameRank })));
  return sorted.map(({ pkg, nameRank }, rank) => ({ pkg, entry: pkg.entry, rank, nameRank }));
}

function neededBy(one: Ranked) {
  return needsOf(one.entry).map((need) => [need.name, { one, need }] as const);
}

/** Of some of those that are ranked the newest of each name, sorted by name: by numbers, as there may be very many. */
function newestOfEachName(ranked: readonly Ranked[], found: readonly Ranked[]): readonly ListedPackage[] {
  const nameAt = (rank = ranked.length) => ranked[rank]?.nameRank;
  const ranks = new Uint32Array(found.map(({ rank }) => rank)).sort();
  const last = ranks.filter((rank, i) => nameAt(rank) !== nameAt(ranks[i + 1]));
  return [...last].flatMap((rank) => ranked[rank]?.pkg ?? []);
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
