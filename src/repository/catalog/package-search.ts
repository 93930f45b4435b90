import type { ListedPackage } from '../service/catalog.ts';

/** In which order packages are listed: `match` is by name where there is no query. */
export type PackageOrder = 'match' | 'name' | 'date' | 'size';

/** The order that a text names; undefined where it names none. */
export function parsePackageOrder(text: string): PackageOrder | undefined {
  return orders.find((order) => order === text);
}

/** Finds packages by words. */
export interface PackageSearch {
  /**
   * The packages in which every word of the query occurs: in name, description, origin or what they provide, in any case.
   * By `match`, the default, names that equal the query come first, then those that begin with it, then those that hold it.
   */
  search(query: string, order?: PackageOrder): readonly ListedPackage[];
}

/** What a query is cut to. */
export const maxQueryLength = 200;
const maxWords = 8;
const orders = ['match', 'name', 'date', 'size'] as const satisfies PackageOrder[];

interface Searched {
  readonly pkg: ListedPackage;
  readonly name: string;
  readonly text: string;
}

/** The search over one version of each name: texts are folded once, a query is one pass over them. */
export function createPackageSearch(newest: readonly ListedPackage[]): PackageSearch {
  let searched: readonly Searched[] | undefined;
  return {
    search(query, order = 'match') {
      const text = query.slice(0, maxQueryLength).toLowerCase();
      const words = text.split(/\s+/).filter((word) => word !== '');
      if (words.length === 0) return newest.toSorted(comparisons[order]);
      searched ??= newest.map(foldedOf);
      const found = searched.filter((one) => words.slice(0, maxWords).every((word) => one.text.includes(word)));
      if (order !== 'match') return found.map(({ pkg }) => pkg).sort(comparisons[order]);
      return rankedBy(words.join(' '), found);
    },
  };
}

const comparisons: Readonly<Record<PackageOrder, (a: ListedPackage, b: ListedPackage) => number>> = {
  match: byName,
  name: byName,
  date: (a, b) => b.pushedAt.getTime() - a.pushedAt.getTime() || byName(a, b),
  size: (a, b) => b.size - a.size || byName(a, b),
};

function byName(a: ListedPackage, b: ListedPackage): number {
  return a.entry.name < b.entry.name ? -1 : 1;
}

function foldedOf(pkg: ListedPackage): Searched {
  const { name, description, origin = '', provides } = pkg.entry;
  return {
    pkg,
    name: name.toLowerCase(),
    text: [name, description, origin, ...provides].join('\n').toLowerCase(),
  };
}

function rankedBy(query: string, found: readonly Searched[]): readonly ListedPackage[] {
  const rank = ({ name }: Searched) => {
    if (name === query) return 0;
    if (name.startsWith(query)) return 1;
    return name.includes(query) ? 2 : 3;
  };
  return found
    .map((one) => ({ pkg: one.pkg, rank: rank(one) }))
    .sort((a, b) => a.rank - b.rank || byName(a.pkg, b.pkg))
    .map(({ pkg }) => pkg);
}
