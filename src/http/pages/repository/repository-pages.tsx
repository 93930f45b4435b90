import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import { parsePackageOrder } from '../../../repository/catalog/package-search.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { RepositoryBase } from '../../request/addressing.ts';
import { answer } from '../../answer/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpSettings } from '../../options.ts';
import { formatFeed } from './feed.ts';
import { findVersion, openRepository, type OpenedRepository } from '../package/opened-repository.ts';
import { createPackageContent, type PackageContentDeps } from '../package/package-content.ts';
import { PackagePage } from '../package/package-page.tsx';
import { pageAnswer } from '../frame/page-answer.ts';
import { isForBrowser, type PageContext, type PageRequest } from '../frame/page-context.tsx';
import { pageOf } from '../../request/paging.ts';
import { publishRecipes } from '../frame/publish-recipes.ts';
import { RepositoryPage } from './repository-page.tsx';
import { useRecipes } from '../frame/use-recipes.ts';

/** The pages of one repository; the query says which. */
export interface RepositoryPages {
  /** Its packages, one package, or what is in one. */
  serve(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  /** Its newest packages as a feed. */
  serveFeed(exchange: Exchange, base: RepositoryBase): Promise<Response>;
}

interface RepositoryPagesDeps extends PackageContentDeps {
  readonly catalogs: PackageCatalogs;
  readonly context: PageContext;
  readonly now: () => number;
}

const pageSize = 50;

export function createRepositoryPages(deps: RepositoryPagesDeps, settings: HttpSettings): RepositoryPages {
  const { repositories, catalogs, context } = deps;
  const hasSingleImage = settings.singleImage !== undefined;
  const content = createPackageContent(deps);
  const open = (base: RepositoryBase, request: PageRequest) => openRepository(catalogs, base, request, hasSingleImage);

  const keysOf = ({ place }: OpenedRepository, { caller, signal }: PageRequest) =>
    repositories.keys(place.at.image, caller, { signal });

  const servePackages = async (request: PageRequest, opened: OpenedRepository) => {
    const { place, catalog } = opened;
    const { frame } = request;
    const query = { q: request.query('q') ?? '', order: parsePackageOrder(request.query('order') ?? '') ?? 'match' };
    const found = pageOf(catalog.search(query.q, query.order), request.query('page'), pageSize);
    const keys = await keysOf(opened, request);
    const use = useRecipes({ url: place.url, key: keys[0], isPrivate: isPrivate(request) });
    const publish = publishRecipes({ at: place.at, url: place.url, host: frame.host, hasSingleImage });
    const now = new Date(deps.now());
    const lists = { query, found, keys, use, publish, now };
    return pageAnswer(200, <RepositoryPage {...opened} {...lists} frame={frame} all={catalog.packages} />);
  };

  const servePackage = async (request: PageRequest, opened: OpenedRepository, pkg: ListedPackage) => {
    const { place } = opened;
    const { frame } = request;
    const keys = await keysOf(opened, request);
    const { name: packageName } = pkg.entry;
    const use = useRecipes({ url: place.url, key: keys[0], isPrivate: isPrivate(request), packageName });
    const crumbs = [...opened.crumbs, { label: packageName }];
    return pageAnswer(200, <PackagePage {...opened} {...{ frame, crumbs, pkg, use }} />);
  };

  const feed = async (base: RepositoryBase, request: PageRequest) => {
    const { place, architecture, catalog } = await open(base, request);
    const headers = { 'Content-Type': 'application/atom+xml; charset=utf-8', 'Cache-Control': 'private, no-cache' };
    return answer(200, formatFeed({ place, architecture, packages: catalog.packages }), headers);
  };

  return {
    serve: (exchange, base) =>
      context.answer(exchange, async (request) => {
        const opened = await open(base, request);
        const name = request.query('package');
        if (name === undefined) return servePackages(request, opened);
        const pkg = findVersion(opened.catalog, name, request.query('version'));
        const view = request.query('view');
        if (view === 'files') return content.serveFiles(exchange, request, opened, pkg);
        if (view === 'download') return content.serveFile(exchange, request, opened, pkg);
        return servePackage(request, opened, pkg);
      }),
    // Readers of feeds are programs, that a 401 tells to send credentials; only a person is led to the login.
    serveFeed: async (exchange, base) =>
      isForBrowser(exchange)
        ? context.answer(exchange, (request) => feed(base, request))
        : feed(base, await context.read(exchange)),
  };
}

function isPrivate({ caller: { credentials } }: PageRequest): boolean {
  return credentials.kind === 'basic' || credentials.kind === 'bearer';
}
