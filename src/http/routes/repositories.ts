import { type Address, type FileAddress, type RepositoryBase, parseAddress } from '../request/addressing.ts';
import { textAnswer } from '../answer/answer.ts';
import { contentResponse } from '../answer/content-answer.ts';
import { likeliestFirst } from '../request/ambiguous-path.ts';
import { nodeOf, type HttpContext, type HttpSettings } from '../options.ts';
import { prefersHtml } from '../request/accept.ts';
import type { Pages } from '../pages/pages.tsx';
import { publishAnswer } from '../upload/publish-answer.ts';
import type { Publisher, UploadTarget } from '../upload/publisher.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { KeyRoutes } from './keys.ts';
import type { PackageRoutes } from './packages.ts';

interface RepositoryRoutes {
  readonly packages: PackageRoutes;
  readonly keys: KeyRoutes;
  readonly publisher: Publisher;
  readonly requests: RequestReader;
  readonly listing: (c: HttpContext, base: RepositoryBase) => Promise<Response>;
  /** Undefined where there is nothing for browsers. */
  readonly pages: Pages | undefined;
}

type Methods = Readonly<Partial<Record<'GET' | 'PUT' | 'POST' | 'DELETE', () => Response | Promise<Response>>>>;

/** Answers all that addresses a repository, whichever way its path is written: the table of what is there. */
export function createRepositoryHandler(
  routes: RepositoryRoutes,
  settings: HttpSettings,
): (c: HttpContext) => Response | Promise<Response> {
  const { packages, keys, publisher, requests, listing, pages } = routes;

  const push = async (c: HttpContext, target: UploadTarget) =>
    publishAnswer(await publisher.publish(c, target), c.req.header('accept'));
  const putFile = (c: HttpContext, address: FileAddress) =>
    push(c, { readings: likeliestFirst(address), folder: address.folder });
  const putInto = (c: HttpContext, base: RepositoryBase) => push(c, { readings: [{ base, architecture: undefined }] });

  const pagesFor = (c: HttpContext) => (prefersHtml(c.req.header('accept')) ? pages : undefined);
  const showPage = (c: HttpContext, base: RepositoryBase) => pagesFor(c)?.serve(c, base) ?? c.notFound();

  const methodsOf = (c: HttpContext, address: Address): Methods => {
    switch (address.kind) {
      case 'index':
        return { GET: async () => contentResponse(c, await packages.serveIndex(c, address)) };
      case 'file':
        return {
          GET: async () => contentResponse(c, await packages.servePackage(c, address)),
          DELETE: () => packages.withdrawPackage(c, address),
          PUT: () => putFile(c, address),
        };
      case 'push':
        return { PUT: () => putInto(c, address.base), POST: () => putInto(c, address.base) };
      case 'base':
        return { PUT: () => putInto(c, address.base), GET: () => showPage(c, address.base) };
      case 'key':
        return { GET: () => keys.serveKey(c, address.base.at.image) };
      case 'named-key':
        return { GET: () => keys.serveNamedKey(c, address.base.at.image, address.fileName) };
      case 'image-key':
        return { GET: () => (address.image === undefined ? keys.explainKeys(c) : keys.serveKey(c, address.image)) };
      case 'configuration':
        return { GET: () => keys.serveConfiguration(c, address.base) };
      case 'jwks':
        return { GET: () => keys.serveKeySet(c, address.base) };
      case 'setup':
        return { GET: () => keys.serveSetup(c, address.base) };
      case 'feed':
        return { GET: () => pages?.serveFeed(c, address.base) ?? c.notFound() };
      case 'listing':
        return { GET: () => listing(c, address.base) };
      case 'status':
        return { GET: () => packages.serveStatus(c, address.base) };
    }
  };

  return (c) => {
    const address = parseAddress(requests.host(c), c.req.path, settings);
    if (address === undefined) return (c.req.method === 'GET' ? pagesFor(c)?.serveElse(c) : undefined) ?? c.notFound();
    const { record } = nodeOf(c);
    if (record !== undefined) record.route = address.kind;
    return byMethod(c, methodsOf(c, address));
  };
}

/** HEAD is GET without its content (RFC 9110 section 9.3.2); Hono leaves that content out. */
function byMethod(c: HttpContext, methods: Methods): Response | Promise<Response> {
  const method = c.req.method === 'HEAD' ? 'GET' : c.req.method;
  const handler = Object.entries(methods).find(([name]) => name === method)?.[1];
  if (handler !== undefined) return handler();
  const allowed = Object.keys(methods).join(', ').replace('GET', 'GET, HEAD');
  return textAnswer(405, `${method} has no meaning here`, { Allow: allowed });
}
