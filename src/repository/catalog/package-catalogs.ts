import { NOARCH } from '../../apk/architectures.ts';
import { isGatewayError } from '../../errors.ts';
import type { CallOptions } from '../../store/store.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { createPackageCatalog, type PackageCatalog } from './package-catalog.ts';
import type { Caller } from '../service/caller.ts';
import type { ListedRepository, RepositoryCatalog } from '../service/catalog.ts';
import type { RepositoryReading } from '../service/reading.ts';

/** Catalogs of indexes, each made once for a version of its index. */
export interface PackageCatalogs {
  /** As this caller may read it; undefined where `Repositories.openIndex` is. */
  open(group: Group, caller: Caller, options?: CallOptions): Promise<PackageCatalog | undefined>;
  /** The architectures of a repository, sorted; empty where there is nothing, undefined where the caller may read but not list. */
  architecturesOf(
    at: RepositoryCoordinates,
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly string[] | undefined>;
  /** The repositories of an image; undefined where the caller may read but not list. */
  repositoriesOf(
    image: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly ListedRepository[] | undefined>;
}

/** Packages that all catalogs together may hold, some 300 MiB. */
const maxPackages = 500_000;
/** Milliseconds for which the architectures of an image are remembered. */
const architecturesMs = 5_000;

interface KnownImage {
  readonly askedMs: number;
  readonly repositories: readonly ListedRepository[];
}

/** Catalogs over the service. What is remembered goes out only to callers whom the service lets read the image. */
export function createPackageCatalogs(deps: {
  readonly repositories: RepositoryCatalog & RepositoryReading;
  readonly now: () => number;
}): PackageCatalogs {
  const { repositories } = deps;
  const catalogs = createByteBoundedCache<PackageCatalog>(maxPackages, ({ packages }) => packages.length);
  const images = createByteBoundedCache<KnownImage>(100_000, (known) => known.repositories.length);

  const repositoriesOf = async (image: string, caller: Caller, options: CallOptions) => {
    // Asked in the same words whether anything is remembered or not: a refusal must not tell that there is something.
    const isShown = await repositories.authorize(image, caller, options);
    const known = images.get(image);
    if (isShown && known !== undefined && deps.now() - known.askedMs < architecturesMs) return known.repositories;
    const askedMs = deps.now();
    const listed = await repositories.repositories(image, caller, options).catch(asUnlisted);
    if (isShown && listed !== undefined && listed.length > 0) images.set(image, { askedMs, repositories: listed });
    return listed;
  };

  return {
    async open(group, caller, options = {}) {
      const listing = await repositories.listIndex(group, group.architecture, caller, options);
      if (listing === undefined) return undefined;
      const key = JSON.stringify([group.image, group.branch, group.repository, group.architecture]);
      const known = catalogs.get(key);
      if (known?.etag === listing.etag) return known;
      const catalog = createPackageCatalog(listing);
      catalogs.set(key, catalog);
      return catalog;
    },
    async architecturesOf(at, caller, options = {}) {
      const all = await repositoriesOf(at.image, caller, options);
      if (all === undefined) return undefined;
      const found = all.find(({ branch, repository }) => branch === at.branch && repository === at.repository);
      return found?.architectures ?? [];
    },
    repositoriesOf: (image, caller, options = {}) => repositoriesOf(image, caller, options),
  };
}

/** Reading is allowed, so a refusal is of the listing. */
function asUnlisted(error: unknown): undefined {
  if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) throw error;
}

/** The architecture that somebody who names none most likely means. */
export function usualArchitecture(architectures: readonly string[] = []): string {
  const own = architectures.filter((architecture) => architecture !== NOARCH);
  if (own.includes('x86_64') || architectures.length === 0) return 'x86_64';
  return own[0] ?? NOARCH;
}
