import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { RepositoryPlace } from '../frame/page-links.ts';
import type { OpenedIndex } from './surroundings.ts';

/** What a package has to do with others, in Alpine's words. */
export type Relation = keyof typeof shownOf;

/** How many of each a package's page shows before it leads to all. */
export const shownOf = {
  depends: 30,
  'required-by': 30,
  provides: 30,
  'install-if': 12,
  replaces: 12,
  recommends: 12,
  source: 20,
  versions: 20,
} as const;

export const relationTitles: Readonly<Record<Relation, string>> = {
  depends: 'Depends',
  'required-by': 'Required by',
  provides: 'Provides',
  'install-if': 'Install if',
  replaces: 'Replaces',
  recommends: 'Recommends',
  source: 'From the same source',
  versions: 'Versions',
};

/** The relation that a query names; undefined where it names none. */
export function parseRelation(text: string | undefined): Relation | undefined {
  return (Object.keys(shownOf) as Relation[]).find((relation) => relation === text);
}

/** Where names are looked up. */
export interface LookUp {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  /** The image's other indexes, for what this one hasn't. */
  readonly elsewhere: readonly OpenedIndex[];
}

/** A package and where it is. */
export interface PlacedPackage {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly pkg: ListedPackage;
}

/** Tokens of one of a package's lists, or packages. */
export type Related =
  | { readonly kind: 'tokens'; readonly tokens: readonly string[] }
  | { readonly kind: 'packages'; readonly packages: readonly PlacedPackage[] };

/** All that stands in a relation to a package: by its own index, and what requires it by those of its branch. */
export function relatedBy(relation: Relation, pkg: ListedPackage, lookUp: LookUp): Related {
  const { entry } = pkg;
  const { catalog } = lookUp;
  const here = (packages: readonly ListedPackage[]): Related => ({
    kind: 'packages',
    packages: packages.map((one) => ({ place: lookUp.place, architecture: lookUp.architecture, pkg: one })),
  });
  switch (relation) {
    case 'depends':
      return { kind: 'tokens', tokens: entry.depends };
    case 'provides':
      return { kind: 'tokens', tokens: entry.provides };
    case 'install-if':
      return { kind: 'tokens', tokens: entry.installIf };
    // The index of apk 2 has neither of these two.
    case 'replaces':
      return { kind: 'tokens', tokens: entry.replaces ?? [] };
    case 'recommends':
      return { kind: 'tokens', tokens: entry.recommends ?? [] };
    case 'required-by':
      return { kind: 'packages', packages: requiredBy(pkg, lookUp) };
    case 'versions':
      return here(catalog.versionsOf(entry.name));
    case 'source':
      return here(catalog.builtFrom(entry.origin ?? entry.name).filter((one) => one.entry.name !== entry.name));
  }
}

/** Repositories of a branch are installed from together. */
function requiredBy(pkg: ListedPackage, { place, architecture, catalog, elsewhere }: LookUp): readonly PlacedPackage[] {
  const beside = elsewhere.filter(
    (index) => index.architecture === architecture && index.place.at.branch === place.at.branch,
  );
  return [{ place, architecture, catalog }, ...beside].flatMap((index) =>
    index.catalog.dependentsOf(pkg).map((one) => ({ place: index.place, architecture, pkg: one })),
  );
}

export function countOfRelated(related: Related): number {
  return related.kind === 'tokens' ? related.tokens.length : related.packages.length;
}

export function slicedTo(related: Related, from: number, to: number): Related {
  return related.kind === 'tokens'
    ? { kind: 'tokens', tokens: related.tokens.slice(from, to) }
    : { kind: 'packages', packages: related.packages.slice(from, to) };
}
