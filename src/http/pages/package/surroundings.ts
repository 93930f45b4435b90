import { inParallel } from '../../../concurrency/in-parallel.ts';
import { isGatewayError } from '../../../errors.ts';
import { NOARCH } from '../../../apk/architectures.ts';
import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import type { ListedPackage, ListedRepository } from '../../../repository/service/catalog.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { placeBeside, type RepositoryPlace } from '../frame/page-links.ts';
import type { OpenedRepository } from './opened-repository.ts';

/** An index of the image, in whichever branch. */
export interface OpenedIndex {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
}

/** What else the image holds. */
export interface Surroundings {
  readonly indexes: readonly OpenedIndex[];
  /** False where there are more than were looked at. */
  readonly isComplete: boolean;
}

/** A package in another index than the one that is looked at. */
export interface FoundElsewhere {
  readonly index: OpenedIndex;
  readonly pkg: ListedPackage;
}

/** Indexes that a page opens beside its own, and for how long. */
const maxIndexes = 48;
const concurrency = 4;
const openingMs = 1_500;

/** Opens the other indexes of the image: those of the same repository first, then those of the same architecture. */
export async function openSurroundings(
  catalogs: Pick<PackageCatalogs, 'open'>,
  opened: OpenedRepository,
  { caller, signal }: PageRequest,
): Promise<Surroundings> {
  const { place, architecture, repositories = [] } = opened;
  const groups = groupsOf(repositories).filter((one) => !isSame(one, place, architecture));
  const nearest = groups.toSorted((a, b) => distance(a, place, architecture) - distance(b, place, architecture));
  const deadline = AbortSignal.timeout(openingMs);
  const found = await inParallel(nearest.slice(0, maxIndexes), concurrency, async (group) => {
    if (deadline.aborted) return undefined;
    const catalog = await catalogs.open({ ...group, image: place.at.image }, caller, { signal }).catch(asAbsent);
    return catalog && { place: placeBeside(place, group.branch, group.repository), ...group, catalog };
  });
  const indexes = found.filter((one) => one !== undefined);
  return { indexes, isComplete: indexes.length === groups.length };
}

/** The newest version of a package in each of the other indexes, a noarch one once for a repository. */
export function findElsewhere(name: string, { indexes }: Surroundings): readonly FoundElsewhere[] {
  const seen = new Set<string>();
  return indexes.flatMap((index) => {
    const [pkg] = index.catalog.versionsOf(name);
    if (pkg === undefined) return [];
    const key = JSON.stringify([pkg.branch, pkg.repository, pkg.architecture, pkg.entry.version]);
    if (pkg.architecture === NOARCH && seen.has(key)) return [];
    seen.add(key);
    return [{ index, pkg }];
  });
}

interface Place {
  readonly branch: string;
  readonly repository: string;
  readonly architecture: string;
}

function groupsOf(repositories: readonly ListedRepository[]): readonly Place[] {
  return repositories.flatMap(({ branch, repository, architectures }) => {
    // Each index lists noarch packages too.
    const own = architectures.filter((architecture) => architecture !== NOARCH);
    return (own.length === 0 ? architectures : own).map((architecture) => ({ branch, repository, architecture }));
  });
}

function isSame(one: Place, { at }: RepositoryPlace, architecture: string): boolean {
  return one.branch === at.branch && one.repository === at.repository && one.architecture === architecture;
}

function distance(one: Place, { at }: RepositoryPlace, architecture: string): number {
  if (one.branch === at.branch && one.repository === at.repository) return 0;
  return (one.architecture === architecture ? 1 : 3) + (one.branch === at.branch ? 0 : 1);
}

/** What can't be had now is missing from the page, not the page. */
function asAbsent(error: unknown): undefined {
  if (!isGatewayError(error)) throw error;
}
