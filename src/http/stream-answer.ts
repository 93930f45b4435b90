import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { AnswerHeaders } from './answer.ts';
import { nodeOf } from './http-options.ts';
import type { HttpContext } from './http-options.ts';

/**
 * Sends a stream as the body. Over a socket it is piped past the web streams, whose chunk copies would cost half the
 * speed; back-pressure reaches the source, a caller who leaves destroys it, and a source that fails cuts the connection
 * so that nobody takes the part for the whole. Resolves when all is sent; `onFault` hears what the source died of.
 */
export async function streamAnswer(
  c: HttpContext,
  head: { readonly status: number; readonly headers: AnswerHeaders },
  source: Readable,
  onFault: (error: unknown) => void,
): Promise<Response> {
  const headers = { ...head.headers, 'X-Content-Type-Options': 'nosniff' };
  const { outgoing } = nodeOf(c);
  if (outgoing === undefined) {
    return new Response(Readable.toWeb(source) as ReadableStream, { status: head.status, headers });
  }
  outgoing.writeHead(head.status, headers);
  await pipeline(source, outgoing).catch((error: unknown) => {
    if (!isDeparture(error)) onFault(error);
  });
  return RESPONSE_ALREADY_SENT;
}

/** The caller left before the end: nobody's fault. */
function isDeparture(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
