import type { IncomingMessage } from 'node:http';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { parseAddress, type Address } from '../request/addressing.ts';
import { type ContentAnswer, sendContent } from '../answer/content-answer.ts';
import type { FaultAnswers } from '../answer/fault-answers.ts';
import type { NodeExchange } from '../exchange/node-exchange.ts';
import type { HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { PackageRoutes } from './packages.ts';

/**
 * Answers a request for an index or a package straight from node's objects, and says whether it was one. Nearly all that
 * a gateway is asked is that, and the web's Request and Response would cost more than all the rest of it. What is
 * answered, and to whom, is decided by the very same functions as behind Hono.
 */
export type ContentServer = (exchange: NodeExchange) => boolean;

interface ContentServerDeps {
  readonly packages: Pick<PackageRoutes, 'peekIndex' | 'peekPackage' | 'serveIndex' | 'servePackage'>;
  readonly requests: RequestReader;
  readonly faults: FaultAnswers;
}

type ContentAddress = Extract<Address, { kind: 'index' | 'file' }>;

/** Addresses that are remembered, and the longest target of one: together some MiB at most. */
const maxAddresses = 4096;
const maxTargetLength = 512;

export function createContentServer(deps: ContentServerDeps, settings: HttpSettings): ContentServer {
  const { packages, requests, faults } = deps;
  const addresses = createBoundedCache<ContentAddress>(maxAddresses);

  /** Where a request points; undefined for all else than content, and for what only Hono's side answers well. */
  const readAddress = (host: string, { path }: NodeExchange): ContentAddress | undefined => {
    const address = parseAddress(host, path, settings);
    return address?.kind === 'index' || address?.kind === 'file' ? address : undefined;
  };

  /** Only what was there: guesses, of which there may be any number, would take the place of what is asked for again. */
  const remember = (key: string, address: ContentAddress, { status }: ContentAnswer) => {
    if (status < 400 && key.length <= maxTargetLength) addresses.set(key, address);
  };

  const answerTo = async (exchange: NodeExchange, address: ContentAddress): Promise<ContentAnswer> => {
    try {
      return await (address.kind === 'index'
        ? packages.serveIndex(exchange, address)
        : packages.servePackage(exchange, address));
    } catch (error) {
      return faults.contentOf(error, exchange);
    }
  };

  return (exchange) => {
    if (!isPlainRead(exchange.incoming)) return false;
    let key = '';
    let known: ContentAddress | undefined;
    let address: ContentAddress | undefined;
    let atHand: ContentAnswer | undefined;
    try {
      const host = requests.host(exchange);
      key = `${host} ${exchange.target}`;
      known = addresses.get(key);
      address = known ?? readAddress(host, exchange);
      // Promises would cost as much as finding what is asked for.
      if (address?.kind === 'index') atHand = packages.peekIndex(exchange, address);
      else if (address !== undefined) atHand = packages.peekPackage(exchange, address);
    } catch {
      // A malformed address or header is rare: let the other way say what is wrong with it.
      return false;
    }
    if (address === undefined) return false;
    exchange.record.route = address.kind;
    const fresh = known === undefined ? address : undefined;
    if (atHand !== undefined) {
      if (fresh !== undefined) remember(key, fresh, atHand);
      void sendContent(exchange.outgoing, atHand);
      return true;
    }
    // Neither rejects but for a fault of this program, which cuts the connection as it would anywhere else.
    void answerTo(exchange, address)
      .then((content) => {
        if (fresh !== undefined) remember(key, fresh, content);
        return sendContent(exchange.outgoing, content);
      })
      .catch(() => exchange.outgoing.destroy());
    return true;
  };
}

/** A body, even an empty one, and a Host that isn't there need more care than reading does. */
function isPlainRead({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers.host !== undefined &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}
