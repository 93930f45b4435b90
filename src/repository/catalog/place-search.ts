import type { Group } from '../../protocol/coordinates.ts';
import type { PackageCatalog } from './package-catalog.ts';
import type { WideHits } from './wide-hits.ts';

/** Packages of one index that count as found; the best, where there are more. */
const maxOfIndex = 200;

/** Finds packages of one index by words, some of which may name where it is. */
export function searchPlace(
  place: Group,
  catalog: Pick<PackageCatalog, 'search'>,
  words: readonly string[],
  hits: WideHits,
): void {
  const rest = words.filter((word) => !namesPlace(word, place));
  // A package may be called like its image.
  const queries = rest.length === words.length || rest.length === 0 ? [words] : [words, rest];
  for (const query of queries) {
    const text = query.join(' ');
    const found = catalog.search(text);
    hits.addPackages(place, found.slice(0, maxOfIndex), text, found.length > maxOfIndex);
  }
}

/** Whether a word of a query is the name of the image, a part of that, or the branch, the repository or the architecture. */
function namesPlace(word: string, { image, branch, repository, architecture }: Group): boolean {
  const names = [image, ...image.split('/'), branch, repository, `${branch}/${repository}`, architecture];
  return names.some((name) => name.toLowerCase() === word);
}
