import type { Exchange } from '../exchange/exchange.ts';

/** Headers of an answer, names as they go out. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** What isn't there now may be there in a second: caches keep some refusals by themselves (RFC 9111 section 4.2.2). */
const notKept: AnswerHeaders = { 'Cache-Control': 'no-store' };

/**
 * `Cache-Control` for what may be kept as `directive` says: by the caller alone where they showed credentials. By RFC 9111
 * section 3.5 no cache on the way would keep that for others, but some ask only what `Cache-Control` says.
 */
export function cacheControl(exchange: Pick<Exchange, 'header'>, directive: string): AnswerHeaders {
  return { 'Cache-Control': exchange.header('authorization') === undefined ? directive : `private, ${directive}` };
}

/**
 * An answer that browsers won't take for another type than it says. Headers stay a plain object: the node adapter then
 * writes them, and a byte body, without copying either.
 */
export function answer(status: number, body: string | Uint8Array | null, headers: AnswerHeaders): Response {
  return new Response(body, { status, headers: safeHeaders(status < 400 ? headers : { ...notKept, ...headers }) });
}

/** The same headers, with the one that keeps browsers from taking the content for another type than they say. */
export function safeHeaders(headers: AnswerHeaders): AnswerHeaders {
  return { ...headers, 'X-Content-Type-Options': 'nosniff' };
}

/** One or more lines of plain text; a line end is added. */
export function textAnswer(status: number, text: string, headers: AnswerHeaders = {}): Response {
  return answer(status, `${text}\n`, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
}

/** A JSON document, one of src/protocol/documents.ts. */
export function jsonAnswer(status: number, value: object, headers: AnswerHeaders = {}): Response {
  return answer(status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json', ...headers });
}
