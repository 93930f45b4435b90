import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { textAnswer } from './answer/answer.ts';
import type { HttpApp } from './app.ts';
import { sendEarlyAnswer } from './answer/early-answer.ts';
import { judgeHead } from './exchange/request-head.ts';
import { observeRequest, type ObserveDeps } from './exchange/request-log.ts';
import { NodeExchange } from './exchange/node-exchange.ts';

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 takes any free one. */
  readonly port: number;
  /** PEM texts. Default: no TLS. */
  readonly tls?: TlsSecrets | undefined;
  /** Milliseconds until all headers must be there. Default 30,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Milliseconds until the whole body must be there. Default 3,600,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds in which neither side moves a byte of a request or an answer. Default 120,000. */
  readonly idleTimeoutMs?: number | undefined;
  /** Milliseconds that a connection without a request is kept. Default 65,000: longer than the usual proxies' 60 s. */
  readonly keepAliveTimeoutMs?: number | undefined;
}

/** A certificate chain and its private key, as PEM texts. */
export interface TlsSecrets {
  readonly certificate: string;
  readonly key: string;
}

/** A server that takes requests. */
export interface Listening {
  readonly port: number;
  /** With the host it was told to listen on. */
  readonly url: string;
  /** Takes no more connections, lets requests under way finish for so long, then cuts what is left. */
  close(options: { readonly drainTimeoutMs: number }): Promise<void>;
  /** Puts new certificates in place for connections to come. */
  renewTls(secrets: TlsSecrets): void;
}

// Tokens of some registries are near 3 KB as a password, and proxies add their own headers: node's 16 KiB are not enough.
const maxHeaderBytes = 64 * 1024;

/** Serves the app over HTTP/1.1 or HTTPS. Rejects where the address can't be had. */
export async function listen(app: HttpApp, deps: ObserveDeps, options: ListenOptions): Promise<Listening> {
  const host = options.host ?? '127.0.0.1';
  const state = { isClosing: false };
  const server = openServer(options);
  const listener = createListener(app, deps, state);
  server.on('request', listener);
  // With a listener of its own, `100 Continue` waits until a handler has asked for the body.
  server.on('checkContinue', listener);
  await started(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    port,
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async close({ drainTimeoutMs }) {
      state.isClosing = true;
      await closed(server, drainTimeoutMs);
    },
    renewTls({ certificate, key }) {
      if (server instanceof TlsServer) server.setSecureContext({ cert: certificate, key });
    },
  };
}

function openServer(options: ListenOptions): Server {
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs ?? 30_000,
    requestTimeout: options.requestTimeoutMs ?? 3_600_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    // Node looks for late heads and bodies each 30 s, which would make the first of these limits twice as long.
    connectionsCheckingInterval: Math.min(5_000, (options.headersTimeoutMs ?? 30_000) / 2),
    noDelay: true,
  };
  const { tls } = options;
  const server =
    tls === undefined ? createServer(limits) : createTlsServer({ ...limits, cert: tls.certificate, key: tls.key });
  server.setTimeout(options.idleTimeoutMs ?? 120_000);
  return server;
}

function createListener(
  { hono, serveContent, judgeRate }: HttpApp,
  deps: ObserveDeps,
  state: { readonly isClosing: boolean },
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const exchanges = new WeakMap<IncomingMessage, NodeExchange>();
  const respond = async (request: Request, incoming: IncomingMessage) => {
    const exchange = exchanges.get(incoming);
    const response = await hono.fetch(request, exchange === undefined ? {} : { exchange });
    return exchange?.isBodyComing === true ? sendEarlyAnswer(response, incoming, exchange.outgoing) : response;
  };
  const listener = getRequestListener(
    (request, env) => respond(request, (env as { incoming: IncomingMessage }).incoming),
    {
      // A health check by HTTP/1.0 names no host; what needs one asks the exchange for it.
      hostname: 'localhost',
      errorHandler: () => textAnswer(400, 'the request has no usable URL or Host'),
    },
  );
  return (incoming, outgoing) => {
    if (state.isClosing) outgoing.shouldKeepAlive = false;
    const exchange = new NodeExchange(incoming, outgoing, observeRequest(incoming, outgoing, deps));
    exchange.record.refusal = judgeHead(incoming) ?? judgeRate(exchange);
    if (exchange.record.refusal === undefined && serveContent(exchange)) return;
    exchanges.set(incoming, exchange);
    void listener(incoming, outgoing);
  };
}

function started(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server, drainTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection that was busy when the closing began is idle, and kept open by its caller, after its answer.
    const sweeping = setInterval(() => {
      server.closeIdleConnections();
    }, 50);
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, drainTimeoutMs);
    server.close(() => {
      clearInterval(sweeping);
      clearTimeout(timer);
      resolve();
    });
  });
}
