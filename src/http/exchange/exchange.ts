import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { RequestRecord } from './request-record.ts';

/** A request and the way to its answer: all that handlers know of either, whichever server brought it. */
export interface Exchange {
  readonly method: string;
  /** The request target as it was sent (RFC 9112 section 3.2). */
  readonly target: string;
  /** The target's path, not decoded: a URL parser would resolve `..` and `%2e%2e` before anybody could refuse them. */
  readonly path: string;
  /** How this gateway was reached, whatever a proxy in front of it speaks. */
  readonly scheme: 'http' | 'https';
  /** Host and port as the caller wrote them, a target in absolute form before the Host header (RFC 9112 section 3.2.2). */
  readonly host: string | undefined;
  readonly record: RequestRecord;
  /** Fires when the caller leaves before all is sent. */
  readonly signal: AbortSignal;
  /** Where the request came in; undefined without a socket. */
  readonly connection: Connection | undefined;
  /** Where an answer may be written past Hono; undefined without a socket. */
  readonly outgoing: ServerResponse | undefined;
  /** By its name in lower case; several of one name are joined. */
  header(name: string): string | undefined;
  /** The first parameter of that name in the target's query. */
  query(name: string): string | undefined;
  /** The body, to be read once. A caller who waits to be asked for it (RFC 9110 section 10.1.1) is asked now. */
  openBody(): Readable;
}

/** The connection of a request: one object for all requests that come over it. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
  /** Milliseconds of silence after which it is cut; 0 for never. */
  setTimeout(timeoutMs: number): unknown;
}
