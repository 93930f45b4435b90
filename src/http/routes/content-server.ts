import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { parseAddress, type Address } from '../request/addressing.ts';
import { type ContentAnswer, sendContent } from '../answer/content-answer.ts';
import type { FaultAnswers } from '../answer/fault-answers.ts';
import type { HttpSettings, RequestContext } from '../options.ts';
import { pathOfTarget } from '../request/request-path.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { RequestRecord } from '../request/request-record.ts';
import type { PackageRoutes } from './packages.ts';

/**
 * Answers a request for an index or a package straight from node's objects, and says whether it was one. Nearly all that
 * a gateway is asked is that, and the web's Request and Response would cost more than all the rest of it. What is
 * answered, and to whom, is decided by the very same functions as behind Hono.
 */
export type ContentServer = (incoming: IncomingMessage, outgoing: ServerResponse, record: RequestRecord) => boolean;

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
  const addressOf = (c: NodeContext): ContentAddress | undefined => {
    const host = requests.host(c);
    const key = `${host} ${c.req.target}`;
    const known = addresses.get(key);
    if (known !== undefined) return known;
    const address = parseAddress(host, pathOfTarget(c.req.target), settings);
    if (address?.kind !== 'index' && address?.kind !== 'file') return undefined;
    if (key.length <= maxTargetLength) addresses.set(key, address);
    return address;
  };

  const answerTo = async (c: NodeContext, address: ContentAddress): Promise<ContentAnswer> => {
    try {
      return await (address.kind === 'index' ? packages.serveIndex(c, address) : packages.servePackage(c, address));
    } catch (error) {
      return faults.contentOf(error, c);
    }
  };

  return (incoming, outgoing, record) => {
    if (!isPlainRead(incoming)) return false;
    const c = new NodeContext(incoming, outgoing, record);
    let address: ContentAddress | undefined;
    let atHand: ContentAnswer | undefined;
    try {
      address = addressOf(c);
      // Promises would cost as much as finding what is asked for.
      if (address?.kind === 'index') atHand = packages.peekIndex(c, address);
      else if (address !== undefined) atHand = packages.peekPackage(c, address);
    } catch {
      // A malformed address or header is rare: let the other way say what is wrong with it.
      return false;
    }
    if (address === undefined) return false;
    record.route = address.kind;
    if (atHand !== undefined) {
      void sendContent(outgoing, atHand);
      return true;
    }
    // Neither rejects but for a fault of this program, which cuts the connection as it would anywhere else.
    void answerTo(c, address)
      .then((content) => sendContent(outgoing, content))
      .catch(() => outgoing.destroy());
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

/** What reading needs of a Hono context, made of node's own objects: one object, since each costs. */
class NodeContext implements RequestContext {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly record: RequestRecord;
  #signal: AbortSignal | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, record: RequestRecord) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.record = record;
  }

  get env(): this {
    return this;
  }

  get req(): this {
    return this;
  }

  get raw(): this {
    return this;
  }

  get method(): string {
    return this.incoming.method ?? '';
  }

  get target(): string {
    return this.incoming.url ?? '';
  }

  get url(): string {
    const scheme = this.incoming.socket instanceof TLSSocket ? 'https' : 'http';
    return `${scheme}://${this.incoming.headers.host ?? ''}${this.target}`;
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  /** Made when it is asked for: an answer from memory never does. */
  get signal(): AbortSignal {
    return (this.#signal ??= departureSignal(this.outgoing));
  }
}

/** Fires when the caller leaves before all is sent. */
function departureSignal(outgoing: ServerResponse): AbortSignal {
  const departure = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) departure.abort();
  });
  return departure.signal;
}
