import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

export interface LingerOptions {
  /** Bytes of an unwanted body that are read and thrown away. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds that this may take. Default 5000. */
  readonly timeoutMs?: number;
}

/**
 * Sends an answer while the request's body is still coming. Closing at once would make the kernel reset the connection,
 * and the caller might lose the answer (RFC 9112 section 9.6): so the answer goes out whole, `Connection: close` with it,
 * and what still comes is thrown away until the caller stops, or it gets too much.
 */
export async function sendEarlyAnswer(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: LingerOptions = {},
): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = { ...Object.fromEntries(response.headers), 'content-length': body.byteLength, connection: 'close' };
  outgoing.writeHead(response.status, headers);
  outgoing.write(body);
  await discard(incoming, options);
  outgoing.end();
  return RESPONSE_ALREADY_SENT;
}

async function discard(incoming: IncomingMessage, options: LingerOptions): Promise<void> {
  const { maxBytes = 64 * 1024 * 1024, timeoutMs = 5000 } = options;
  const timer = new AbortController();
  const ended = new Promise<void>((resolve) => {
    let bytes = 0;
    const stop = () => {
      resolve();
    };
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) stop();
    });
    incoming.on('end', stop).on('close', stop).on('error', stop);
    if (incoming.destroyed || incoming.readableEnded) stop();
    incoming.resume();
  });
  await Promise.race([ended, sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
