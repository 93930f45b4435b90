import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { msSince, type MonotonicClock } from '../../../time/monotonic.ts';
import type { SharedClock } from '../../../time/stamps.ts';
import { connectOptions, proxiedOptions, type Connecting } from '../../../connecting/connect-options.ts';
import { untilAborted } from '../../../concurrency/aborted.ts';
import { createAddressGuard, type AddressGuard, type ResolveName } from './guarded-lookup.ts';
import { headerOf, type RegistryOperation, type RegistryRequest } from './registry-request.ts';

export interface DispatchDeps extends MonotonicClock {
  /** The registry's own, which each of its answers tells. */
  readonly clock: SharedClock;
  readonly resolveName: ResolveName;
  /** Called for every request sent, each try and each hop of a redirect, when the answer's head is there. */
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
}

export interface DispatchOptions {
  readonly origin: URL;
  readonly tls: RegistryTls;
  readonly timeouts: RegistryTimeouts;
  /** Default: none. */
  readonly proxies?: RegistryProxies | undefined;
}

/** What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say: URLs, and hosts with commas between; empty for none. */
export interface RegistryProxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

export interface RequestReport {
  readonly method: string;
  readonly operation: RegistryOperation;
  /** 0 where no answer came. */
  readonly status: number;
  readonly durationMs: number;
  /** 1 for the first try. */
  readonly attempt: number;
}

/** TLS material as PEM. */
export interface RegistryTls {
  /** In place of the system's authorities. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
  /** Takes any certificate. Default: false. */
  readonly insecure?: boolean | undefined;
}

/** All in ms. */
export interface RegistryTimeouts {
  /** To connect, TLS included. Default: 10,000. */
  readonly connectMs: number;
  /** From the last byte sent to the answer's head. Default: 60,000. */
  readonly answerMs: number;
  /** The same at the end of an upload, when a registry moves the blob to its place. Default: 300,000. */
  readonly commitMs: number;
  /** Between two pieces of a body. Default: 60,000. */
  readonly idleMs: number;
}

const noProxies: RegistryProxies = { httpProxy: '', httpsProxy: '', noProxy: '' };

/** Sends one hop of a request, to the registry or to where it points. */
export interface Dispatch {
  send(request: RegistryRequest, url: URL, attempt: number): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

/** Other origins than the registry's get no client certificate and no address that the guard refuses. */
export function createDispatch(deps: DispatchDeps, options: DispatchOptions): Dispatch {
  const guard = createAddressGuard(deps, options.origin.hostname);
  const { clientCertificate } = options.tls;
  const identity = clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.key };
  const registry = isProxied(options) ? createProxied(options, { ...identity }) : createPool(options, { ...identity });
  const elsewhere = createProxied(options, {
    lookup: (...asked) => {
      guard.lookup(...asked);
    },
  });

  const send: Dispatch['send'] = async (request, url, attempt) => {
    const isOwn = url.origin === options.origin.origin;
    if (isOwn) await request.takeTurn?.();
    else await untilAborted(guard.check(url), request.patience?.signal);
    const { method, operation } = request;
    const startedAt = deps.monotonicMs();
    const report = (status: number) =>
      deps.onRequest?.({ method, operation, status, durationMs: msSince(deps, startedAt), attempt });
    try {
      const sent = dispatchOptions(request, url, options.timeouts.answerMs);
      const response = await (isOwn ? registry : elsewhere).request(sent);
      report(response.statusCode);
      if (isOwn && response.headers['age'] === undefined) deps.clock.note(headerOf(response, 'date'), startedAt);
      return response;
    } catch (error) {
      report(0);
      throw error;
    }
  };

  return {
    send,
    close: async () => {
      await Promise.all([registry.close(), elsewhere.close()]);
    },
  };
}

interface ConnectOptions {
  readonly cert?: string;
  readonly key?: string;
  readonly lookup?: AddressGuard['lookup'];
}

function createPool(options: DispatchOptions, more: ConnectOptions): Pool {
  return new Pool(options.origin, {
    ...limitsOf(options),
    connect: { ...connectOptions(connectingOf(options)), ...more },
  });
}

function createProxied(options: DispatchOptions, { lookup, ...more }: ConnectOptions): EnvHttpProxyAgent {
  const tls = { ...connectOptions(connectingOf(options)), ...more };
  return new EnvHttpProxyAgent({
    ...limitsOf(options),
    ...(options.proxies ?? noProxies),
    ...proxiedOptions(tls, lookup === undefined ? {} : { lookup }),
  });
}

function isProxied({ proxies = noProxies }: DispatchOptions): boolean {
  return proxies.httpProxy !== '' || proxies.httpsProxy !== '';
}

function limitsOf({ timeouts }: DispatchOptions) {
  return { bodyTimeout: timeouts.idleMs, keepAliveTimeout: 30_000 };
}

function connectingOf({ tls: { ca, insecure }, timeouts: { connectMs } }: DispatchOptions): Connecting {
  return { connectMs, ca, isInsecure: insecure };
}

function dispatchOptions(
  request: RegistryRequest,
  url: URL,
  answerMs: number,
): Dispatcher.RequestOptions & { origin: string } {
  const { method, body, authorization } = request;
  const signal = request.patience?.signal;
  const headers: Record<string, string> = { ...request.headers };
  if (body !== undefined) headers['content-length'] = String(body.size);
  if (authorization !== undefined && mayProve(request, url)) headers['authorization'] = authorization;
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers,
    body: body?.open() ?? null,
    signal: signal ?? null,
    // undici else closes the connection after each HEAD, for servers that send a body with it; it looks for such bytes itself
    // before it takes an idle connection again. An index is asked for by HEAD each time that it is read.
    ...(method === 'HEAD' && { reset: false }),
    headersTimeout: request.answerMs ?? answerMs,
  };
}

// A token service may send its callers from http to https, or from one path to another.
function mayProve({ url: asked, staysAtHost }: RegistryRequest, url: URL): boolean {
  return (
    url.origin === asked.origin ||
    (staysAtHost === true && url.hostname === asked.hostname && url.protocol === 'https:')
  );
}
