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
  const inOrder = new Map<PackageOrder, readonly ListedPackage[]>();

  const all = (order: PackageOrder, folded: readonly Searched[]) => {
    const known = inOrder.get(order) ?? folded.toSorted(comparisons[order]).map(({ pkg }) => pkg);
    inOrder.set(order, known);
    return known;
  };

  return {
    search(query, order = 'match') {
      searched ??= newest.map(foldedOf);
      const words = wordsIn(query);
      if (words.length === 0) return all(order === 'match' ? 'name' : order, searched);
      const found = searched.filter((one) => words.slice(0, maxWords).every((word) => one.text.includes(word)));
      if (order === 'match') return rankedBy(words.join(' '), found);
      return found.sort(comparisons[order]).map(({ pkg }) => pkg);
    },
  };
}

/** The words of a query, in small letters. */
export function wordsIn(query: string): readonly string[] {
  const text = query.slice(0, maxQueryLength).toLowerCase();
  return text.split(/\s+/).filter((word) => word !== '');
}

/** How well a name fits a query, both in small letters: 0 best. */
export function rankOf(name: string, query: string): number {
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  return name.includes(query) ? 2 : 3;
}

const comparisons: Readonly<Record<PackageOrder, (a: Searched, b: Searched) => number>> = {
  match: byName,
  name: byName,
  date: (a, b) => b.pkg.pushedAt.getTime() - a.pkg.pushedAt.getTime() || byName(a, b),
  size: (a, b) => b.pkg.size - a.pkg.size || byName(a, b),
};

/** Without case, as people look for a name; then as the index has it. */
function byName(a: Searched, b: Searched): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.pkg.entry.name < b.pkg.entry.name ? -1 : 1;
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
  return found
    .map((one) => ({ one, rank: rankOf(one.name, query) }))
    .sort((a, b) => a.rank - b.rank || byName(a.one, b.one))
    .map(({ one }) => one.pkg);
}
