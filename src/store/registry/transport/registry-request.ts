import type { Readable } from 'node:stream';
import type { Patience } from './patience.ts';
import type { RegistryFault } from '../../../oci/error-body.ts';

/** What the registry is asked, for metrics: the kind of thing, never its name. */
export type RegistryOperation = 'ping' | 'token' | 'catalog' | 'manifest' | 'tags' | 'blob' | 'upload';

/** One request to a registry, or to where a registry points. */
export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly operation: RegistryOperation;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent to the origin of `url` only, never along a redirect to another. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody | undefined;
  /** Whether it may be sent twice. Default: true. */
  readonly isRestartable?: boolean | undefined;
  /** Default: true for GET and HEAD. */
  readonly followsRedirects?: boolean | undefined;
  /** Follows redirects within the host of `url` alone, and proves itself there. Default: false. */
  readonly staysAtHost?: boolean | undefined;
  /** In place of the client's `timeouts.answerMs`. */
  readonly answerMs?: number | undefined;
  readonly patience?: Patience | undefined;
  /** Waits for the turn of each try and hop to the origin of the registry; what it throws ends the request. */
  readonly takeTurn?: (() => Promise<void>) | undefined;
}

/** A body that can be sent again; `size` in bytes. */
export interface RequestBody {
  readonly size: number;
  open(): Readable | Uint8Array;
}

/** By names in lower case; a header that was sent twice is a list. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An answer other than a transient one. */
export interface RegistryAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** What a status of 400 and more says of itself. */
  readonly faults: readonly RegistryFault[];
  /** Who answered, after redirects. */
  readonly url: URL;
  /** Whether the same credentials were good for this before. Default: false. */
  readonly hasWorked?: boolean | undefined;
}

/** The value of a header that is meant to be there once: the first. */
export function headerOf(answer: Pick<RegistryAnswer, 'headers'>, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
