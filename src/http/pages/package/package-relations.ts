import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';

/** What a package has to do with others, in Alpine's words. */
export type Relation = 'depends' | 'required-by' | 'provides' | 'install-if' | 'source' | 'versions';

/** How many of each a package's page shows before it leads to all. */
export const shownOf: Readonly<Record<Relation, number>> = {
  depends: 30,
  'required-by': 30,
  provides: 30,
  'install-if': 12,
  source: 20,
  versions: 20,
};

export const relationTitles: Readonly<Record<Relation, string>> = {
  depends: 'Depends',
  'required-by': 'Required by',
  provides: 'Provides',
  'install-if': 'Install if',
  source: 'From the same source',
  versions: 'Versions',
};

/** The relation that a query names; undefined where it names none. */
export function parseRelation(text: string | undefined): Relation | undefined {
  return (Object.keys(shownOf) as Relation[]).find((relation) => relation === text);
}

/** Tokens of one of a package's lists, or packages of this index. */
export type Related =
  | { readonly kind: 'tokens'; readonly tokens: readonly string[] }
  | { readonly kind: 'packages'; readonly packages: readonly ListedPackage[] };

/** All that stands in a relation to a package, as far as its own index knows. */
export function relatedBy(relation: Relation, pkg: ListedPackage, catalog: PackageCatalog): Related {
  const { entry } = pkg;
  switch (relation) {
    case 'depends':
      return { kind: 'tokens', tokens: entry.depends };
    case 'provides':
      return { kind: 'tokens', tokens: entry.provides };
    case 'install-if':
      return { kind: 'tokens', tokens: entry.installIf };
    case 'required-by':
      return { kind: 'packages', packages: catalog.dependentsOf(pkg) };
    case 'versions':
      return { kind: 'packages', packages: catalog.versionsOf(entry.name) };
    case 'source': {
      const built = catalog.builtFrom(entry.origin ?? entry.name);
      return { kind: 'packages', packages: built.filter((one) => one.entry.name !== entry.name) };
    }
  }
}
