import { usualFields } from '../config/given.ts';
import type { IndexServingOptions } from './views/index-serving.ts';
import type { PackageCacheOptions } from './reading/package-cache.ts';
import type { LeftoverOptions } from './upkeep/leftovers.ts';
import type { SupersededOptions } from './upkeep/replaced-indexes.ts';

/** How a service behaves; all has a default. */
export interface RepositoriesOptions
  extends
    Partial<SupersededOptions>,
    Partial<LeftoverOptions>,
    Partial<IndexServingOptions>,
    Partial<PackageCacheOptions> {
  /** How long a push waits for the index to be published, in milliseconds. Default: as the settings. */
  readonly publishTimeoutMs?: number;
  /** For how long a push waits until a listing shows its tags, in milliseconds; half of what it waits at most. Default 5,000. */
  readonly listingPatienceMs?: number;
  /** How long the bytes of what is deleted or withdrawn can be fetched, in milliseconds. Default: as the settings. */
  readonly deleteGraceMs?: number;
  /** Tags that one look asks for by name although an index or a listing knows them. Default 64. */
  readonly maxQuestions?: number;
  /** Requests of one look at a time. Default 16. */
  readonly concurrency?: number;
  /** Bytes of runs that the manifest of an index holds itself. Default 32 KiB. */
  readonly maxInlineBytes?: number;
}

const defaults = {
  ...usualFields.repository,
  rightsMs: usualFields.rightsTtlMs,
  listingPatienceMs: 5_000,
  maxQuestions: 64,
  concurrency: 16,
  maxInlineBytes: 32 * 1024,
  maxIndexBytes: 128 * 1024 * 1024,
  maxCachedPackageBytes: 256 * 1024,
};

/** The same with every default filled in. */
export function completeRepositoriesOptions(given: RepositoriesOptions): typeof defaults & RepositoriesOptions {
  const { listingPatienceMs, ...completed } = { ...defaults, ...given };
  // Where listings lag, a push must be done with waiting for one before it has waited for too long.
  return { ...completed, listingPatienceMs: Math.min(listingPatienceMs, completed.publishTimeoutMs / 2) };
}
