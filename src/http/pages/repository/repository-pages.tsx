import { oncePerObject } from '../../../concurrency/once-per-object.ts';
import { GatewayError } from '../../../errors.ts';
import type { PackageCatalogs } from '../../../repository/catalog/package-catalogs.ts';
import { parsePackageOrder } from '../../../repository/catalog/package-search.ts';
import { answer } from '../../answer/answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../../options.ts';
import type { RepositoryBase } from '../../request/addressing.ts';
import { pageOf } from '../../request/paging.ts';
import { pageAnswer } from '../frame/page-answer.ts';
import type { PageChangesDeps } from '../manage/page-changes.ts';
import { isForBrowser, type PageContext, type PageRequest } from '../frame/page-context.tsx';
import { createManaging } from '../manage/managing.tsx';
import { createPromotingPages } from '../manage/promoting-pages.tsx';
import { manageVerbOf, promoteView } from '../manage/verbs.ts';
import { findVersion, openRepository, type OpenedRepository } from '../package/opened-repository.ts';
import type { PackageContentDeps } from '../package/package-content.ts';
import { createPackageViews, needsCredentials } from '../package/package-views.tsx';
import { createPastPages } from '../past/past-pages.tsx';
import { pastViewOf } from '../past/past-views.ts';
import { publishRecipes } from '../recipes/publish-recipes.ts';
import { useRecipes } from '../recipes/use-recipes.ts';
import { createDepartures } from './departures.ts';
import { formatFeed } from './feed.ts';
import { overviewOf } from './overview.ts';
import { RepositoryPage } from './repository-page.tsx';

/** The pages of one repository; the query says which. */
export interface RepositoryPages {
  /** Its packages, one package, or what is in one. */
  serve(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  /** What a form of those pages asks for. */
  serveChange(exchange: Exchange, base: RepositoryBase): Promise<Response>;
  /** Its newest packages as a feed. */
  serveFeed(exchange: Exchange, base: RepositoryBase): Promise<Response>;
}

interface RepositoryPagesDeps extends PackageContentDeps, PageChangesDeps, Pick<HttpDependencies, 'trust'> {
  readonly catalogs: PackageCatalogs;
  readonly context: PageContext;
}

const pageSize = 50;

export function createRepositoryPages(deps: RepositoryPagesDeps, settings: HttpSettings): RepositoryPages {
  const { repositories, context } = deps;
  const hasSingleImage = settings.singleImage !== undefined;
  const packages = createPackageViews(deps, settings);
  const managing = createManaging(deps, settings);
  const promoting = createPromotingPages(deps, settings);
  const findDepartures = createDepartures(repositories);
  const past = createPastPages(deps, { hasSingleImage });
  const overview = oncePerObject(overviewOf);
  const open = (base: RepositoryBase, request: PageRequest) => openRepository(deps, base, request, hasSingleImage);

  const servePackages = async (request: PageRequest, opened: OpenedRepository) => {
    const { place, architecture, catalog } = opened;
    const { frame, caller, signal } = request;
    const query = { q: request.query('q') ?? '', order: parsePackageOrder(request.query('order') ?? '') ?? 'match' };
    const found = pageOf(catalog.search(query.q, query.order), request.query('page'), pageSize);
    const keys = await repositories.keys(place.at.image, caller, { signal });
    const { url } = place;
    const use = useRecipes({ url, architecture, isPrivate: needsCredentials(request, settings), key: keys[0] });
    const publish = publishRecipes({ at: place.at, url, hasSingleImage, needsLogin: frame.canLogIn });
    const lists = { query, found, keys, use, publish };
    return pageAnswer(
      200,
      <RepositoryPage {...opened} {...lists} frame={frame} overview={overview(catalog.packages)} />,
    );
  };

  const openPackage = async (base: RepositoryBase, request: PageRequest, name: string) => {
    const opened = await open(base, request);
    return { opened, pkg: findVersion(opened.catalog, name, request.query('version')) };
  };

  const serve = async (exchange: Exchange, base: RepositoryBase, request: PageRequest) => {
    const name = request.query('package');
    const pastView = name === undefined ? pastViewOf(request.query('view'), base) : undefined;
    if (pastView !== undefined) return past.serve(request, base, pastView);
    if (name === undefined) return servePackages(request, await open(base, request));
    const verb = manageVerbOf(request.query('view'));
    const isPromotion = request.query('view') === promoteView;
    if (verb !== undefined || isPromotion) context.requireUser(request);
    const { opened, pkg } = await openPackage(base, request, name);
    if (isPromotion) return promoting.ask(request, { ...opened, pkg });
    if (verb !== undefined) return managing.ask(request, { ...opened, pkg }, verb);
    return packages.serve(exchange, request, opened, pkg);
  };

  const change = async (exchange: Exchange, base: RepositoryBase, request: PageRequest) => {
    const name = request.query('package');
    const pastView = name === undefined ? pastViewOf(request.query('view'), base) : undefined;
    if (pastView !== undefined) return past.serveChange(exchange, request, base, pastView);
    const verb = manageVerbOf(request.query('view'));
    const isPromotion = request.query('view') === promoteView;
    if (name === undefined || (verb === undefined && !isPromotion))
      throw new GatewayError('REQUEST_INVALID', 'no page here asks for that');
    const { opened, pkg } = await openPackage(base, request, name);
    if (verb === undefined) return promoting.do(exchange, request, { ...opened, pkg });
    return managing.do(exchange, request, { ...opened, pkg }, verb);
  };

  const feed = async (base: RepositoryBase, request: PageRequest) => {
    const opened = await open(base, request);
    const { place, architecture, catalog } = opened;
    const departures = await findDepartures(opened, request);
    const headers = { 'Content-Type': 'application/atom+xml; charset=utf-8', 'Cache-Control': 'private, no-cache' };
    return answer(200, formatFeed({ place, architecture, packages: catalog.packages, departures }), headers);
  };

  return {
    serve: (exchange, base) => context.answer(exchange, (request) => serve(exchange, base, request)),
    serveChange: (exchange, base) => context.answerChange(exchange, (request) => change(exchange, base, request)),
    // Readers of feeds are programs, that a 401 tells to send credentials; only a person is led to the login.
    serveFeed: async (exchange, base) =>
      isForBrowser(exchange)
        ? context.answer(exchange, (request) => feed(base, request))
        : feed(base, await context.read(exchange)),
  };
}
