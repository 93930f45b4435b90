/** Headers of an answer, names as they go out. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/**
 * An answer that browsers won't take for another type than it says. Headers stay a plain object: the node adapter then
 * writes them, and a byte body, without copying either.
 */
export function answer(status: number, body: string | Uint8Array | null, headers: AnswerHeaders): Response {
  return new Response(body, { status, headers: safeHeaders(headers) });
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
