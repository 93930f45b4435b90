import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { AnswerHeaders } from './answer.ts';
import type { Exchange } from '../exchange/exchange.ts';

/**
 * An answer as a value: a Response costs as much as all the rest of serving an index from memory, so that the way past
 * Hono (content-server.ts) does without. Its headers are sent as they are.
 */
export interface ContentAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Uint8Array | Readable | null;
  /** Called with what a stream died of when the answer was under way. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** The answer for Hono. A stream goes past it where there is a socket. */
export async function contentResponse(exchange: Exchange, content: ContentAnswer): Promise<Response> {
  const { status, headers, body } = content;
  if (!(body instanceof Readable)) return new Response(body, { status, headers });
  const { outgoing } = exchange;
  if (outgoing === undefined) return new Response(Readable.toWeb(body) as ReadableStream, { status, headers });
  await sendContent(outgoing, content);
  return RESPONSE_ALREADY_SENT;
}

/**
 * Sends the answer over the socket. A stream is piped past the web streams, whose chunk copies would cost half the speed;
 * back-pressure reaches the source, a caller who leaves destroys it, and a source that fails cuts the connection so that
 * nobody takes the part for the whole. Resolves when all is sent.
 */
export async function sendContent(
  outgoing: ServerResponse,
  { status, headers, body, onFault }: ContentAnswer,
): Promise<void> {
  outgoing.writeHead(status, headers);
  if (!(body instanceof Readable)) {
    outgoing.end(body ?? undefined);
    return;
  }
  await pipeline(body, outgoing).catch((error: unknown) => {
    if (!isDeparture(error)) onFault?.(error);
  });
}

/** The caller left before the end: nobody's fault. */
function isDeparture(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
