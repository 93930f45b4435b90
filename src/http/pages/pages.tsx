import { Hono } from 'hono';
import type { PackageCatalogs } from '../../repository/catalog/package-catalogs.ts';
import { answer } from '../answer/answer.ts';
import { notFoundAnswer } from '../answer/not-found.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { routed, routedIf, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { splitPath } from '../request/request-path.ts';
import { assetFolder, readAssets, type Assets } from './frame/assets.ts';
import { ErrorPage } from './frame/error-page.tsx';
import { createImagePages } from './image/image-pages.tsx';
import type { PackageContentDeps } from './package/package-content.ts';
import { loginRoutes } from './login/login-routes.tsx';
import { pageAnswer, seeOther } from './frame/page-answer.ts';
import type { PageChangesDeps } from './manage/page-changes.ts';
import { createPageContext, isForBrowser } from './frame/page-context.tsx';
import { createRepositoryPages, type RepositoryPages } from './repository/repository-pages.tsx';
import { createSearchPages } from './search/search-pages.tsx';
import { createSessions } from './frame/session-cookie.ts';
import { waysOutOf } from './frame/ways-out.ts';

/** All that is made for browsers. */
export interface Pages extends RepositoryPages {
  /** Start page, images, login and the files that pages refer to; what isn't for browsers goes on to the next route. */
  readonly routes: Hono<HttpEnv>;
  /** For a path that is nothing else: an image's page where it may name one, else a page that says so. */
  serveElse(exchange: Exchange): Promise<Response>;
}

interface PagesDeps extends PackageContentDeps, PageChangesDeps, Pick<HttpDependencies, 'trust'> {
  readonly requests: RequestReader;
  readonly catalogs: PackageCatalogs;
}

export function createPages(deps: PagesDeps, settings: HttpSettings): Pages {
  const assets = readAssets();
  const sessions = createSessions(settings.sessionSecret);
  const context = createPageContext({ ...deps, sessions, assets, now: Date.now }, settings);
  const images = createImagePages({ ...deps, context }, settings);

  const routes = new Hono<HttpEnv>();
  routes.get(
    `${assetFolder}*`,
    routed((exchange) => serveAsset(exchange, assets) ?? notFoundAnswer(exchange, settings)),
  );
  routes.get('/', routedIf(isForBrowser, images.serveStart));
  routes.on('GET', ['/_images', '/_images/*'], routedIf(isForBrowser, images.serveImage));
  routes.get('/_search', routedIf(isForBrowser, createSearchPages({ ...deps, context }, settings)));
  routes.route('/', loginRoutes({ ...deps, context, sessions }, settings));

  return {
    routes,
    ...createRepositoryPages({ ...deps, context }, settings),
    async serveElse(exchange) {
      const frame = context.frame(exchange);
      const segments = splitPath(exchange.path);
      const image = (segments[0] === 'apk' ? segments.slice(1) : segments).join('/');
      const isShort = settings.singleImage === undefined && image !== '' && !image.startsWith('_');
      if (isShort) return seeOther(`${frame.prefix}/_images/${image}`);
      const message = 'There is nothing under this address.';
      return pageAnswer(404, <ErrorPage frame={frame} status={404} message={message} ways={waysOutOf(exchange)} />);
    },
  };
}

/** Its name changes with its content, so that it may be kept for ever. */
function serveAsset(exchange: Exchange, assets: Assets): Response | undefined {
  const asset = assets.find(exchange.path);
  if (asset === undefined) return undefined;
  const headers = { 'Content-Type': asset.contentType, 'Cache-Control': 'public, max-age=31536000, immutable' };
  return answer(200, asset.bytes, headers);
}
