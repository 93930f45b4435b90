import { setImmediate } from 'node:timers/promises';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../errors.ts';
import { NOARCH } from '../../apk/architectures.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Caller } from '../service/caller.ts';
import type { ListedRepository, RepositoryCatalog } from '../service/catalog.ts';
import type { PackageCatalogs } from './package-catalogs.ts';
import { wordsIn } from './package-search.ts';
import { searchPlace } from './place-search.ts';
import { createWideHits, type FoundRepository, type WideHit } from './wide-hits.ts';

/** What a search over everything found; all of it the caller may read. */
export interface WideResult {
  readonly images: readonly string[];
  readonly repositories: readonly FoundRepository[];
  /** Best first. */
  readonly packages: readonly WideHit[];
  /** False where not everything was looked at, or more was found. */
  readonly isComplete: boolean;
}

export interface WideSearchOptions extends CallOptions {
  /** The one image that there is. */
  readonly only?: string | undefined;
  /** An image that is looked at first, and also where the store doesn't list it. */
  readonly near?: string | undefined;
}

export type WideSearch = (query: string, caller: Caller, options: WideSearchOptions) => Promise<WideResult>;

interface WideSearchDeps {
  readonly repositories: Pick<RepositoryCatalog, 'images'>;
  readonly catalogs: Pick<PackageCatalogs, 'open' | 'repositoriesOf'>;
}

/** What one search opens at most; what it hasn't opened by then is left out. */
const maxImages = 200;
const maxIndexes = 400;
const concurrency = 4;
const searchMs = 3_000;
const maxFoundImages = 20;

/**
 * Looks for words in everything that the caller may read. A package is found where each word is in what it says of itself, or
 * names its image, branch, repository or architecture.
 */
export function createWideSearch({ repositories, catalogs }: WideSearchDeps): WideSearch {
  const namesFor = async (caller: Caller, { only, near, signal }: WideSearchOptions) => {
    if (only !== undefined) return { names: [only], isComplete: true };
    const listed = await repositories.images(caller, { signal });
    const others = (listed?.names ?? []).filter((name) => name !== near);
    return { names: near === undefined ? others : [near, ...others], isComplete: listed?.isComplete === true };
  };

  return async (query, caller, options) => {
    const words = wordsIn(query).slice(0, 8);
    const listed = await namesFor(caller, options);
    const hits = createWideHits();
    if (words.length === 0) return { images: [], repositories: [], packages: [], isComplete: listed.isComplete };
    const deadline = AbortSignal.timeout(searchMs);
    let isComplete = listed.isComplete && listed.names.length <= maxImages;
    let indexes = 0;

    const searchIndex = async (place: Group) => {
      indexes += 1;
      if (indexes > maxIndexes || deadline.aborted) isComplete = false;
      else {
        const catalog = await catalogs.open(place, caller, options);
        if (catalog !== undefined) searchPlace(place, catalog, words, hits);
        // A large index takes some milliseconds: others have their turn between two.
        await setImmediate();
      }
    };
    const searchImage = async (image: string) => {
      try {
        if (deadline.aborted) isComplete = false;
        else {
          const inside = (await catalogs.repositoriesOf(image, caller, options)) ?? [];
          hits.addRepositories(image, inside, words);
          for (const place of placesIn(image, inside)) await searchIndex(place);
        }
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        // What this caller may not read isn't missing.
        if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) isComplete = false;
      }
    };
    await inParallel(listed.names.slice(0, maxImages), concurrency, searchImage);
    options.signal?.throwIfAborted();
    const images = options.only === undefined ? namedBy(words, listed.names) : [];
    const { packages, repositories: named, isCut } = hits.result();
    return { images, repositories: named, packages, isComplete: isComplete && !isCut };
  };
}

function namedBy(words: readonly string[], names: readonly string[]): readonly string[] {
  return names.filter((name) => words.every((word) => name.includes(word))).slice(0, maxFoundImages);
}

function placesIn(image: string, repositories: readonly ListedRepository[]): readonly Group[] {
  return repositories.flatMap(({ branch, repository, architectures }) => {
    // Every index lists noarch packages too.
    const own = architectures.filter((architecture) => architecture !== NOARCH);
    const searched = own.length === 0 ? architectures : own;
    return searched.map((architecture) => ({ image, branch, repository, architecture }));
  });
}
