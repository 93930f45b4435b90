import { snapshotIn, type RepositoryCoordinates } from '../../../protocol/coordinates.ts';
import type { HttpSettings } from '../../options.ts';
import { isRepositoryHost, type RepositoryBase } from '../../request/addressing.ts';
import type { Crumb, PageFrame } from './layout.tsx';
import type { ListedPackage } from '../../../repository/service/catalog.ts';

/** A repository as pages link to it. */
export interface RepositoryPlace {
  readonly at: RepositoryCoordinates;
  /** The repository's path with the proxy's prefix before it. */
  readonly path: string;
  /** The repository's URL as apk is to have it. */
  readonly url: string;
}

/** A repository as a request addressed it. */
export function placeOf({ at, path }: RepositoryBase, { prefix, root }: Pick<PageFrame, 'prefix' | 'root'>) {
  return { at, path: `${prefix}${path}`, url: `${root}${path}` } satisfies RepositoryPlace;
}

/** The repository that a snapshot is of; of another it is itself. */
export function homeOf(place: RepositoryPlace): RepositoryPlace {
  const { branch, repository } = place.at;
  return placeBeside(place, snapshotIn(branch)?.branch ?? branch, repository);
}

/** The way down to a repository, each step a link; a snapshot stands below what it is of. */
export function crumbsTo(
  place: RepositoryPlace,
  { prefix }: Pick<PageFrame, 'prefix'>,
  { hasSingleImage, arch }: { readonly hasSingleImage: boolean; readonly arch?: string | undefined },
): readonly Crumb[] {
  const { image, branch, repository } = place.at;
  const snapshot = snapshotIn(branch);
  const linkTo = (one: RepositoryPlace, label: string) => ({ label, href: repositoryLink(one, { arch }) });
  return [
    { label: hasSingleImage ? 'Repositories' : 'Images', href: `${prefix}/` },
    ...(hasSingleImage ? [] : [{ label: image, href: `${prefix}/_images/${image}` }]),
    linkTo(homeOf(place), `${snapshot?.branch ?? branch}/${repository}`),
    ...(snapshot === undefined ? [] : [linkTo(place, `@${snapshot.name}`)]),
  ];
}

/** What a page of a repository shows. */
export interface RepositoryQuery {
  readonly arch?: string | undefined;
  readonly q?: string | undefined;
  readonly order?: string | undefined;
  readonly page?: number | undefined;
}

/** A page of a repository's packages; what is left out or first goes without saying. */
export function repositoryLink(place: RepositoryPlace, query: RepositoryQuery): string {
  const { arch, q, order, page } = query;
  return withQuery(place.path, {
    arch,
    q: q === '' ? undefined : q,
    order: order === 'match' ? undefined : order,
    page: page === undefined || page <= 1 ? undefined : String(page),
  });
}

/** The page of one package in one version, or a view of it. */
export function packageLink(
  place: Pick<RepositoryPlace, 'path'>,
  arch: string,
  pkg: ListedPackage,
  view?: string,
): string {
  const { name, version } = pkg.entry;
  return withQuery(place.path, { arch, package: name, version, view });
}

/** Another branch or repository of the same image, in the form of address that this one came in. */
export function placeBeside(place: RepositoryPlace, branch: string, repository: string): RepositoryPlace {
  const beside = (path: string) => [...path.split('/').slice(0, -2), branch, repository].join('/');
  return { at: { ...place.at, branch, repository }, path: beside(place.path), url: beside(place.url) };
}

/** The path under which a host serves an image's repositories. */
export function imagePath(
  image: string,
  frame: Pick<PageFrame, 'host'>,
  { domain, singleImage }: Pick<HttpSettings, 'domain' | 'singleImage'>,
): string {
  const form = isRepositoryHost(frame.host, domain) ? '' : '/apk';
  return singleImage === undefined ? `${form}/${image}` : form;
}

/** The package itself, as apk asks for it. */
export function packageUrl(place: Pick<RepositoryPlace, 'url'>, pkg: ListedPackage): string {
  return `${place.url}/${pkg.architecture}/${encodeURIComponent(pkg.fileName).replaceAll('%2B', '+')}`;
}

/** A path with the parameters that are there. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  const query = new URLSearchParams(given).toString();
  return query === '' ? path : `${path}?${query}`;
}
