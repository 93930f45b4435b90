import { Hono } from 'hono';
import { GatewayError } from '../../errors.ts';
import { parseImage } from '../../protocol/coordinates.ts';
import type { ImagesDocument } from '../../protocol/documents.ts';
import { cacheControl, jsonAnswer, safeHeaders, textAnswer } from '../answer/answer.ts';
import { contentResponse } from '../answer/content-answer.ts';
import { jsonList } from '../answer/json-list.ts';
import { notFoundAnswer } from '../answer/not-found.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { routed, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import { checkLogin } from '../caller/login-check.ts';
import { describePackage, describeRepository } from '../answer/package-listing.ts';
import { exactPageOf, pageLinks } from '../request/paging.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { splitPath } from '../request/request-path.ts';
import { placeInQuery } from '../request/query-place.ts';

type LkarDependencies = Pick<HttpDependencies, 'repositories'> & { readonly requests: RequestReader };

const imagesPageSize = 100;

/** What `lkar` asks for beside packages: `/_images`, `/_packages`, `/_repositories` and `/_auth`. */
export function lkarRoutes({ repositories, requests }: LkarDependencies, settings: HttpSettings): Hono<HttpEnv> {
  const listPackages = async (exchange: Exchange): Promise<Response> => {
    const segments = splitPath(exchange.path).slice(1);
    // Under a host of its own the type isn't in the path.
    const image = imageOf(segments[0] === 'apk' ? segments.slice(1) : segments, settings);
    const within = { image, ...placeInQuery(exchange) };
    const packages = await repositories.list(within, requests.caller(exchange, 'read'), { signal: exchange.signal });
    const headers = { 'Content-Type': 'application/json', ...cacheControl(exchange, 'no-cache') };
    const body = jsonList(packages, describePackage);
    return contentResponse(exchange, { status: 200, headers: safeHeaders(headers), body });
  };

  const listRepositories = async (exchange: Exchange): Promise<Response> => {
    const image = imageOf(splitPath(exchange.path).slice(1), settings);
    const caller = requests.caller(exchange, 'read');
    const listed = await repositories.repositories(image, caller, { signal: exchange.signal });
    return jsonAnswer(200, listed.map(describeRepository), cacheControl(exchange, 'no-cache'));
  };

  const listImages = async (exchange: Exchange): Promise<Response> => {
    if (settings.singleImage !== undefined) throw new GatewayError('REPOSITORY_UNKNOWN', 'one image is served here');
    const listed = await repositories.images(requests.caller(exchange, 'read'), { signal: exchange.signal });
    const query = (exchange.query('q') ?? '').trim().toLowerCase();
    const found = (listed?.names ?? []).filter((name) => name.includes(query));
    const { items, ...paging } = exactPageOf(found, exchange.query('page'), imagesPageSize);
    const images = items.map((name) => ({ name }));
    const document: ImagesDocument = { ...paging, complete: listed?.isComplete === true, images };
    const link = pageLinks({ q: exchange.query('q') }, paging);
    return jsonAnswer(200, document, { ...cacheControl(exchange, 'no-cache'), Link: link });
  };

  const logInOrOut = async (exchange: Exchange): Promise<Response> => {
    const segments = splitPath(exchange.path).slice(1);
    const action = segments.pop();
    if (action === 'logout')
      return textAnswer(200, 'logged out: nothing is kept here', { 'Cache-Control': 'no-store' });
    if (action !== 'login') return notFoundAnswer(exchange, settings);
    const isForImage = segments.length > 0 || settings.singleImage !== undefined;
    const image = isForImage ? imageOf(segments, settings) : undefined;
    await checkLogin(repositories, requests.caller(exchange, 'read'), image, { signal: exchange.signal });
    return textAnswer(200, 'logged in', { 'Cache-Control': 'no-store' });
  };

  const routes = new Hono<HttpEnv>();
  routes.on('GET', ['/_packages', '/_packages/*'], routed(listPackages));
  routes.on('GET', ['/_repositories', '/_repositories/*'], routed(listRepositories));
  routes.get('/_images', routed(listImages));
  routes.on(['GET', 'POST'], '/_auth/*', routed(logInOrOut));
  return routes;
}

/** The one image, or the one that the path names. */
function imageOf(segments: readonly string[], settings: HttpSettings): string {
  const { singleImage } = settings;
  if (singleImage === undefined) {
    if (segments.length === 0)
      throw new GatewayError('REQUEST_INVALID', 'the path names no image: it ends in one, such as /team/app');
    return parseImage(segments.join('/'));
  }
  if (segments.length > 0) {
    throw new GatewayError('REPOSITORY_UNKNOWN', 'one image is served here: leave it out of the path');
  }
  return singleImage;
}
