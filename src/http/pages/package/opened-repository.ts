import { GatewayError, isGatewayError } from '../../../errors.ts';
import { snapshotIn } from '../../../protocol/coordinates.ts';
import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import { usualArchitecture, type PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import type { ListedPackage, ListedRepository } from '../../../repository/service/catalog.ts';
import type { ListedSnapshot, RepositorySnapshots } from '../../../repository/service/snapshots.ts';
import type { RepositoryBase } from '../../request/addressing.ts';
import type { Crumb } from '../frame/layout.tsx';
import type { PageRequest } from '../frame/page-context.tsx';
import { crumbsTo, placeOf, type RepositoryPlace } from '../frame/page-links.ts';

/** A repository in the architecture that a request asks for. */
export interface OpenedRepository {
  readonly place: RepositoryPlace;
  /** Where the place is one, as far as this caller may know of it. */
  readonly snapshot: ListedSnapshot | undefined;
  /** Of the whole image; undefined where this caller may read but not list. */
  readonly repositories: readonly ListedRepository[] | undefined;
  /** Undefined where the image may not be named. */
  readonly image: string | undefined;
  /** Where the image's own page is. */
  readonly imageHref: string;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  /** The way down to it, each step a link. */
  readonly crumbs: readonly Crumb[];
}

/** The part of the service that opening asks. */
export interface OpeningDeps {
  readonly catalogs: PackageCatalogs;
  readonly repositories: Pick<RepositorySnapshots, 'listSnapshots'>;
}

/**
 * Opens a repository or a snapshot as the caller may read it; where the query names no architecture, the likeliest. Throws
 * REPOSITORY_UNKNOWN where it never had a package for that, SNAPSHOT_UNKNOWN.
 */
export async function openRepository(
  { catalogs, repositories: service }: OpeningDeps,
  base: RepositoryBase,
  request: PageRequest,
  hasSingleImage: boolean,
): Promise<OpenedRepository> {
  const { caller, signal, frame } = request;
  const { image, branch, repository } = base.at;
  const repositories = await catalogs.repositoriesOf(image, caller, { signal });
  const snapshot = await findSnapshot(service, base, request);
  const listed = snapshot ?? repositories?.find((one) => one.branch === branch && one.repository === repository);
  const architectures = repositories && (listed?.architectures ?? []);
  const architecture = request.query('arch') ?? usualArchitecture(architectures);
  const catalog = await catalogs.open({ ...base.at, architecture }, caller, { signal });
  if (catalog === undefined) throw nothingIn(base, architectures?.length === 0 ? undefined : architecture);
  const place = placeOf(base, frame);
  const crumbs = crumbsTo(place, frame, { hasSingleImage, arch: architecture });
  const imageHref = hasSingleImage ? `${frame.prefix}/` : `${frame.prefix}/_images/${image}`;
  const shown = hasSingleImage ? undefined : image;
  return { place, snapshot, repositories, image: shown, imageHref, architecture, catalog, crumbs };
}

/** Undefined where the address names none, and where this caller may read but not list. */
async function findSnapshot(
  service: OpeningDeps['repositories'],
  { at }: RepositoryBase,
  { caller, signal }: PageRequest,
): Promise<ListedSnapshot | undefined> {
  const named = snapshotIn(at.branch);
  if (named === undefined) return undefined;
  const home = { ...at, branch: named.branch };
  const all = await service.listSnapshots(home, caller, { signal }).catch(asUnlisted);
  return all.find(({ name }) => name === named.name);
}

function asUnlisted(error: unknown): readonly ListedSnapshot[] {
  if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) throw error;
  return [];
}

/** The version that a request names, or the newest. Throws PACKAGE_UNKNOWN. */
export function findVersion(catalog: PackageCatalog, name: string, version: string | undefined): ListedPackage {
  const versions = catalog.versionsOf(name);
  const found = version === undefined ? versions[0] : versions.find(({ entry }) => entry.version === version);
  if (found !== undefined) return found;
  const what = version === undefined ? name : `${name} ${version}`;
  throw new GatewayError('PACKAGE_UNKNOWN', `there is no package ${what.slice(0, 400)} here`);
}

function nothingIn({ at }: RepositoryBase, architecture: string | undefined): GatewayError {
  const scope = architecture === undefined ? '' : ` for ${architecture.slice(0, 64)}`;
  const message = `${at.branch}/${at.repository} never had a package${scope}`;
  return new GatewayError('REPOSITORY_UNKNOWN', message);
}
