import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Exchange } from './exchange.ts';
import type { RequestRecord } from './request-record.ts';
import { hostOfTarget, pathOfTarget, queryOfTarget } from './request-target.ts';

/** An exchange over a socket. One object of node's own: most requests are answered from memory, where each object counts. */
export class NodeExchange implements Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly record: RequestRecord;
  #query: URLSearchParams | undefined;
  #signal: AbortSignal | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse, record: RequestRecord) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.record = record;
  }

  get method(): string {
    return this.incoming.method ?? '';
  }

  get target(): string {
    return this.incoming.url ?? '';
  }

  get path(): string {
    return pathOfTarget(this.target);
  }

  get scheme(): 'http' | 'https' {
    return this.incoming.socket instanceof TLSSocket ? 'https' : 'http';
  }

  get host(): string | undefined {
    return hostOfTarget(this.target) ?? this.incoming.headers.host;
  }

  get connection(): Socket {
    return this.incoming.socket;
  }

  /** Whether an answer now would come before the end of the request. */
  get isBodyComing(): boolean {
    const { incoming, outgoing } = this;
    return !incoming.complete && !incoming.destroyed && !outgoing.headersSent;
  }

  /** Made when it is asked for: an answer from memory never does. */
  get signal(): AbortSignal {
    return (this.#signal ??= departureSignal(this.outgoing));
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  query(name: string): string | undefined {
    return (this.#query ??= queryOfTarget(this.target)).get(name) ?? undefined;
  }

  openBody(): Readable {
    if (this.incoming.headers.expect?.toLowerCase() === '100-continue') this.outgoing.writeContinue();
    return this.incoming;
  }
}

function departureSignal(outgoing: ServerResponse): AbortSignal {
  const departure = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) departure.abort();
  });
  return departure.signal;
}
