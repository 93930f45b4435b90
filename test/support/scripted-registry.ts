import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as the script sees it, body and all. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Tells connections apart. */
  readonly port: number | undefined;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Ends the connection after this many bytes of the body. */
  readonly cutAfter?: number;
  /** Sends the rest after so many bytes once that is settled. */
  readonly pauseAfter?: { readonly bytes: number; readonly until: Promise<void> };
}

/** `reset` ends the connection without an answer. */
export type Script = (request: SeenRequest) => ScriptedAnswer | 'reset' | Promise<ScriptedAnswer | 'reset'>;

export interface ScriptedRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly seen: readonly SeenRequest[];
  /** `METHOD url` of every request so far. */
  log(): string[];
  stop(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that answers as the script says. */
export async function startScriptedRegistry(script: Script): Promise<ScriptedRegistry> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, response, script, seen).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    log: () => seen.map(({ method, url }) => `${method} ${url}`),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** An answer with an OCI error body. */
export function fault(status: number, code: string, message = ''): ScriptedAnswer {
  return { status, body: JSON.stringify({ errors: [{ code, message }] }) };
}

/** An answer with JSON. */
export function json(document: unknown, headers: ScriptedAnswer['headers'] = {}): ScriptedAnswer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(document) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  script: Script,
  seen: SeenRequest[],
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const { pathname, searchParams } = new URL(url, 'http://registry');
  const asked = {
    method,
    url,
    path: pathname,
    query: searchParams,
    headers,
    body: await buffer(request),
    port: request.socket.remotePort,
  };
  seen.push(asked);
  const scripted = await script(asked);
  if (scripted === 'reset') {
    response.destroy();
    return;
  }
  const body = Buffer.from(scripted.body ?? '');
  // It tells the time only where the script does.
  response.sendDate = false;
  response.writeHead(scripted.status, {
    ...(scripted.headers?.['transfer-encoding'] === undefined &&
      method !== 'HEAD' && { 'content-length': body.length }),
    ...scripted.headers,
  } as Record<string, string>);
  if (scripted.pauseAfter !== undefined) {
    response.write(body.subarray(0, scripted.pauseAfter.bytes));
    await scripted.pauseAfter.until;
    response.end(body.subarray(scripted.pauseAfter.bytes));
    return;
  }
  if (scripted.cutAfter === undefined) {
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  response.write(body.subarray(0, scripted.cutAfter), () => response.destroy());
}
