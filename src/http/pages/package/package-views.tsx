import { isV3Entry } from '../../../apk/index-v3/index-v3-record.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpSettings } from '../../options.ts';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageRequest } from '../frame/page-context.tsx';
import { packageLink } from '../frame/page-links.ts';
import { useRecipes } from '../recipes/use-recipes.ts';
import type { OpenedRepository } from './opened-repository.ts';
import { createPackageContent, type PackageContentDeps } from './package-content.ts';
import { PackagePage } from './package-page.tsx';
import { parseRelation, type Relation } from './package-relations.ts';
import { RelationPage } from './relation-page.tsx';
import { openSurroundings } from './surroundings.ts';

interface PackageViewsDeps extends PackageContentDeps {
  readonly catalogs: PackageCatalogs;
}

/** The pages of one package; the query's `view` says which. */
export function createPackageViews(deps: PackageViewsDeps, settings: HttpSettings) {
  const { repositories, catalogs } = deps;
  const content = createPackageContent(deps);

  const servePackage = async (request: PageRequest, opened: OpenedRepository, pkg: ListedPackage) => {
    const { place, architecture } = opened;
    const { frame, caller, signal } = request;
    const [surroundings, keys] = await Promise.all([
      openSurroundings(catalogs, opened, request),
      repositories.keys(place.at.image, caller, { signal }),
    ]);
    const target = { url: place.url, architecture, isPrivate: needsCredentials(request, settings), key: keys[0] };
    const use = useRecipes({
      ...target,
      packageName: installName(opened, pkg),
      format: isV3Entry(pkg.entry) ? 'v3' : 'v2',
    });
    const crumbs = [...opened.crumbs, { label: pkg.entry.name }];
    return pageAnswer(200, <PackagePage {...opened} {...{ frame, crumbs, surroundings, pkg, use }} />);
  };

  const serveRelation = async (
    request: PageRequest,
    opened: OpenedRepository,
    pkg: ListedPackage,
    relation: Relation,
  ) => {
    const { indexes: elsewhere } = await openSurroundings(catalogs, opened, request);
    const above = { label: pkg.entry.name, href: packageLink(opened.place, opened.architecture, pkg) };
    const crumbs = [...opened.crumbs, above, { label: relation }];
    const wanted = request.query('page');
    const { frame } = request;
    return pageAnswer(200, <RelationPage {...opened} {...{ frame, crumbs, elsewhere, pkg, relation, wanted }} />);
  };

  return {
    serve(exchange: Exchange, request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<Response> {
      const view = request.query('view');
      const relation = parseRelation(view);
      if (relation !== undefined) return serveRelation(request, opened, pkg, relation);
      if (view === 'files') return content.serveFiles(exchange, request, opened, pkg);
      if (view === 'download') return content.serveFile(exchange, request, opened, pkg);
      return servePackage(request, opened, pkg);
    },
  };
}

/** Who comes with credentials most likely needs them, unless everybody reads. */
export function needsCredentials(
  { caller: { credentials } }: Pick<PageRequest, 'caller'>,
  { readsForAnybody }: Pick<HttpSettings, 'readsForAnybody'>,
): boolean {
  return readsForAnybody !== true && (credentials.kind === 'basic' || credentials.kind === 'bearer');
}

/** What apk is to be told for this very version: the newest goes without saying. */
function installName({ catalog }: OpenedRepository, { entry: { name, version } }: ListedPackage): string {
  return catalog.versionsOf(name)[0]?.entry.version === version ? name : `${name}=${version}`;
}
