import { Readable } from 'node:stream';
import type { Connection, Exchange } from './exchange.ts';
import { createRequestRecord, type RequestRecord } from './request-record.ts';
import { hostOfTarget, pathOfTarget, queryOfTarget } from './request-target.ts';

/** An exchange without a socket of node's: a web Request, as `app.request()` makes them. */
export class WebExchange implements Exchange {
  readonly record: RequestRecord;
  readonly connection: Connection | undefined;
  readonly outgoing = undefined;
  readonly #request: Request;

  /** With a connection of somebody's choice. */
  constructor(request: Request, connection?: Connection) {
    this.connection = connection;
    this.#request = request;
    this.record = createRequestRecord(request.headers.get('x-request-id') ?? undefined);
  }

  get method(): string {
    return this.#request.method;
  }

  get target(): string {
    return this.#request.url;
  }

  get path(): string {
    return pathOfTarget(this.target);
  }

  get scheme(): 'http' | 'https' {
    return this.target.startsWith('https:') ? 'https' : 'http';
  }

  get host(): string | undefined {
    return this.#request.headers.get('host') ?? hostOfTarget(this.target);
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  query(name: string): string | undefined {
    return queryOfTarget(this.target).get(name) ?? undefined;
  }

  openBody(): Readable {
    return this.#request.body === null ? Readable.from([]) : Readable.fromWeb(this.#request.body);
  }
}
