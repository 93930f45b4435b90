import { type Address, type FileAddress, type RepositoryBase, parseAddress } from '../request/addressing.ts';
import { textAnswer } from '../answer/answer.ts';
import { contentResponse } from '../answer/content-answer.ts';
import { likeliestFirst } from '../request/ambiguous-path.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { notFoundAnswer } from '../answer/not-found.ts';
import type { HttpSettings } from '../options.ts';
import { prefersHtml } from '../request/accept.ts';
import { isForm } from '../pages/frame/own-page.ts';
import type { Pages } from '../pages/pages.tsx';
import { publishAnswer } from '../upload/publish-answer.ts';
import type { Publisher } from '../upload/publisher.ts';
import type { UploadTarget } from '../upload/upload-place.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { ChangeHandler } from '../lifecycle/changes.ts';
import type { KeyRoutes } from './keys.ts';
import type { PackageRoutes } from './packages.ts';
import type { SnapshotRoutes } from './snapshots.ts';
import { snapshotIn } from '../../protocol/coordinates.ts';

interface RepositoryRoutes {
  readonly packages: PackageRoutes;
  readonly keys: KeyRoutes;
  readonly publisher: Publisher;
  readonly requests: RequestReader;
  readonly listing: (exchange: Exchange, base: RepositoryBase) => Promise<Response>;
  readonly change: ChangeHandler;
  readonly snapshots: SnapshotRoutes;
  readonly history: (exchange: Exchange, base: RepositoryBase) => Promise<Response>;
  readonly withdrawn: (exchange: Exchange, base: RepositoryBase) => Promise<Response>;
  readonly facts: (exchange: Exchange, address: Omit<FileAddress, 'kind'>) => Promise<Response>;
  /** Undefined where there is nothing for browsers. */
  readonly pages: Pages | undefined;
}

type Methods = Readonly<Partial<Record<'GET' | 'PUT' | 'POST' | 'DELETE', () => Response | Promise<Response>>>>;

/** Answers all that addresses a repository, whichever way its path is written: the table of what is there. */
export function createRepositoryHandler(
  routes: RepositoryRoutes,
  settings: HttpSettings,
): (exchange: Exchange) => Response | Promise<Response> {
  const { packages, keys, publisher, requests, listing, facts, change, snapshots, history, withdrawn, pages } = routes;

  const push = async (exchange: Exchange, target: UploadTarget) =>
    publishAnswer(await publisher.publish(exchange, target), exchange.header('accept'));
  const putFile = (exchange: Exchange, address: FileAddress) =>
    push(exchange, { readings: likeliestFirst(address), folder: address.folder });
  const putInto = (exchange: Exchange, base: RepositoryBase) =>
    push(exchange, { readings: [{ base, architecture: undefined }] });

  const pagesFor = (exchange: Exchange) => (prefersHtml(exchange.header('accept')) ? pages : undefined);
  const showPage = (exchange: Exchange, base: RepositoryBase) =>
    pagesFor(exchange)?.serve(exchange, base) ?? notFoundAnswer(exchange, settings);

  const changeByForm = (exchange: Exchange, base: RepositoryBase): Methods => {
    const asked = isForm(exchange) ? pagesFor(exchange) : undefined;
    return asked === undefined ? {} : { POST: () => asked.serveChange(exchange, base) };
  };

  const methodsOfSnapshot = (exchange: Exchange, base: RepositoryBase): Methods => ({
    PUT: () => snapshots.create(exchange, base),
    DELETE: () => snapshots.remove(exchange, base),
    GET: () => showPage(exchange, base),
    ...changeByForm(exchange, base),
  });

  const methodsOf = (exchange: Exchange, address: Address): Methods => {
    switch (address.kind) {
      case 'index':
        return { GET: async () => contentResponse(exchange, await packages.serveIndex(exchange, address)) };
      case 'file':
        return {
          GET: async () => contentResponse(exchange, await packages.servePackage(exchange, address)),
          DELETE: () => packages.withdrawPackage(exchange, address),
          PUT: () => putFile(exchange, address),
        };
      case 'facts':
        return { GET: () => facts(exchange, address) };
      case 'push':
        return { PUT: () => putInto(exchange, address.base), POST: () => putInto(exchange, address.base) };
      case 'change':
        return { POST: () => change(exchange, address.base, address.verb) };
      case 'base':
        if (snapshotIn(address.base.at.branch) !== undefined) return methodsOfSnapshot(exchange, address.base);
        return {
          PUT: () => putInto(exchange, address.base),
          GET: () => showPage(exchange, address.base),
          ...changeByForm(exchange, address.base),
        };
      case 'key':
        return { GET: () => keys.serveKey(exchange, address.base.at.image) };
      case 'named-key':
        return { GET: () => keys.serveNamedKey(exchange, address.base.at.image, address.fileName) };
      case 'image-key':
        return {
          GET: () =>
            address.image === undefined ? keys.explainKeys(exchange) : keys.serveKey(exchange, address.image),
        };
      case 'configuration':
        return { GET: () => keys.serveConfiguration(exchange, address.base) };
      case 'jwks':
        return { GET: () => keys.serveKeySet(exchange, address.base) };
      case 'setup':
        return { GET: () => keys.serveSetup(exchange, address.base) };
      case 'feed':
        return { GET: () => pages?.serveFeed(exchange, address.base) ?? notFoundAnswer(exchange, settings) };
      case 'listing':
        return { GET: () => listing(exchange, address.base) };
      case 'snapshots':
        return { GET: () => snapshots.list(exchange, address.base) };
      case 'history':
        return { GET: () => history(exchange, address.base) };
      case 'withdrawn':
        return { GET: () => withdrawn(exchange, address.base) };
      case 'status':
        return { GET: () => packages.serveStatus(exchange, address.base) };
    }
  };

  return (exchange) => {
    const address = parseAddress(requests.host(exchange), exchange.path, settings);
    if (address === undefined) {
      const page = exchange.method === 'GET' ? pagesFor(exchange)?.serveElse(exchange) : undefined;
      return page ?? notFoundAnswer(exchange, settings);
    }
    exchange.record.route = address.kind;
    return byMethod(exchange, methodsOf(exchange, address));
  };
}

/** HEAD is GET without its content (RFC 9110 section 9.3.2); Hono leaves that content out. */
function byMethod(exchange: Exchange, methods: Methods): Response | Promise<Response> {
  const method = exchange.method === 'HEAD' ? 'GET' : exchange.method;
  const handler = Object.entries(methods).find(([name]) => name === method)?.[1];
  if (handler !== undefined) return handler();
  const allowed = Object.keys(methods).join(', ').replace('GET', 'GET, HEAD');
  return textAnswer(405, `${method} has no meaning here`, { Allow: allowed });
}
