import { STATUS_CODES } from 'node:http';
import type { ErrorCode, GatewayError } from '../../errors.ts';
import type { ProblemDocument } from '../../protocol/documents.ts';
import { wantedJson } from '../request/accept.ts';
import { jsonAnswer, textAnswer, type AnswerHeaders } from './answer.ts';

/** What of a request decides how its refusal is written. */
export interface RefusedRequest {
  readonly accept: string | undefined;
  readonly isAnonymous: boolean;
  readonly requestId?: string | undefined;
  /** The image that no answer may name, where there is one. */
  readonly hiddenImage?: string | undefined;
}

const statuses: Readonly<Record<ErrorCode, number>> = {
  PACKAGE_MALFORMED: 400,
  PACKAGE_UNSUPPORTED: 400,
  PACKAGE_UNTRUSTED: 403,
  IMAGE_INVALID: 400,
  BRANCH_INVALID: 400,
  REPOSITORY_INVALID: 400,
  ARCHITECTURE_INVALID: 400,
  FILE_INVALID: 400,
  REQUEST_INVALID: 400,
  RANGE_UNSATISFIABLE: 416,
  SIZE_EXCEEDED: 413,
  PACKAGE_EXISTS: 409,
  PACKAGE_WITHDRAWN: 409,
  PACKAGE_UNKNOWN: 404,
  REPOSITORY_UNKNOWN: 404,
  KEY_UNKNOWN: 404,
  SNAPSHOT_EXISTS: 409,
  SNAPSHOT_UNKNOWN: 404,
  SNAPSHOT_IMMUTABLE: 405,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  TAG_IMMUTABLE: 403,
  RATE_LIMITED: 429,
  // Over HTTP nobody sends an index: a bad one came from the store.
  INDEX_MALFORMED: 502,
  DIGEST_MISMATCH: 502,
  BLOB_UNKNOWN: 502,
  STORE_ANSWER_INVALID: 502,
  DELETE_UNSUPPORTED: 501,
  MOUNT_UNSUPPORTED: 501,
  STORE_UNAVAILABLE: 503,
  STORE_READ_ONLY: 503,
  PUBLISH_TIMEOUT: 503,
  OVERLOADED: 503,
  SIGNING_KEY_LOCKED: 503,
  ABORTED: 503,
  CONFIG_INVALID: 500,
  SIGNING_KEY_INVALID: 500,
};

const defaultRetrySeconds = 5;
/** Only somebody who gives this gateway another key helps. */
const hopeless: ReadonlySet<ErrorCode> = new Set(['SIGNING_KEY_LOCKED']);

/** The status of a fault. A refused caller who sent no credentials gets 401, so that curl, apk and lkar ask for some. */
export function statusOf(error: GatewayError, request: { readonly isAnonymous: boolean }): number {
  // But a page of another site must not make a browser ask.
  if (error.code === 'FORBIDDEN' && request.isAnonymous && error.details['isCrossSite'] !== true) return 401;
  // What the store sent too much of is no fault of the caller's.
  if (error.code === 'SIZE_EXCEEDED' && error.details['sentBy'] !== 'caller') return 502;
  return statuses[error.code];
}

/**
 * The answer to a fault: one line of text, or JSON where the caller asks for it (`application/problem+json`: RFC 9457),
 * with `WWW-Authenticate` on 401, and `Retry-After` on 429 and on 503 where trying again may help.
 */
export function errorResponse(error: GatewayError, request: RefusedRequest): Response {
  const status = statusOf(error, request);
  const message = oneLine(hideImage(error.told ?? error.message, request.hiddenImage));
  const details = error.told === undefined ? detailsOf(error, request.hiddenImage) : {};
  return refusal({ status, code: error.code, message, details }, request.accept, headersOf(error, status, request));
}

/** The answer to a fault of this program: what went wrong is in the log, under the request's id. */
export function internalErrorResponse({ accept, requestId }: RefusedRequest): Response {
  const message = `internal error${requestId === undefined ? '' : `; the log has it as request ${requestId}`}`;
  return refusal({ status: 500, code: 'INTERNAL', message, details: {} }, accept, {});
}

type Refusal = Pick<ProblemDocument, 'status' | 'code' | 'message' | 'details'>;

function refusal({ status, ...fault }: Refusal, accept: string | undefined, headers: AnswerHeaders): Response {
  const type = wantedJson(accept);
  if (type === undefined) return textAnswer(status, fault.message, headers);
  const title = STATUS_CODES[status] ?? '';
  const problem: ProblemDocument = { type: 'about:blank', title, status, detail: fault.message, ...fault };
  return jsonAnswer(status, type === 'application/problem+json' ? problem : fault, {
    'Content-Type': type,
    ...headers,
  });
}

function headersOf(error: GatewayError, status: number, request: RefusedRequest): AnswerHeaders {
  const retryAfter = error.details['retryAfterSeconds'];
  return {
    ...(status === 401 && { 'WWW-Authenticate': 'Basic realm="lkard", charset="UTF-8"' }),
    ...((status === 503 || status === 429) &&
      !hopeless.has(error.code) && {
        'Retry-After': String(typeof retryAfter === 'number' ? retryAfter : defaultRetrySeconds),
      }),
    // RFC 9110 section 15.5.6.
    ...(error.code === 'SNAPSHOT_IMMUTABLE' && { Allow: 'GET, HEAD' }),
    ...(request.requestId !== undefined && { 'X-Request-Id': request.requestId }),
  };
}

function detailsOf(error: GatewayError, hiddenImage: string | undefined): Record<string, unknown> {
  const entries = Object.entries(error.details);
  return Object.fromEntries(entries.filter(([, value]) => hiddenImage === undefined || value !== hiddenImage));
}

function hideImage(message: string, image: string | undefined): string {
  if (image === undefined) return message;
  const name = image.replace(/[.\-/]/g, '\\$&');
  return message.replace(new RegExp(`(?<![\\w./-])${name}(?![\\w/-])`, 'g'), 'this image');
}

function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').trim();
}
