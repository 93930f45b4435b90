import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { startLocalServer } from '../support/local-server.ts';

export interface ForwardProxy {
  /** What programs are given as `http_proxy`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A proxy that sends every request to one gateway, whatever host was asked for: names that no DNS knows reach it. */
export async function startForwardProxy(gatewayUrl: string): Promise<ForwardProxy> {
  return startLocalServer((request, response) => {
    forward(request, response, gatewayUrl);
  });
}

/** A client of a proxy asks for a whole URL (RFC 9112, section 3.2.2); the gateway gets its path and the Host header. */
function forward(request: IncomingMessage, response: ServerResponse, gatewayUrl: string): void {
  const { method, headers } = request;
  const { host, pathname, search } = new URL(request.url ?? '');
  const onward = send(`${gatewayUrl}${pathname}${search}`, { method, headers: { ...headers, host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
