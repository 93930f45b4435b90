import { Readable } from 'node:stream';
import { Agent, Pool, type Dispatcher } from 'undici';
import { GatewayError } from '../../../errors.ts';
import { maxErrorBytes, parseErrorBody } from '../../../oci/error-body.ts';
import { msSince, type MonotonicClock } from '../../../time/monotonic.ts';
import type { SharedClock } from '../../../time/stamps.ts';
import { abortedFault, untilAborted } from '../../aborted.ts';
import { leavesTimeFor, type Patience } from './patience.ts';
import { createAddressGuard, type AddressGuard, type ResolveName } from './guarded-lookup.ts';
import { readBeginning, readBounded } from '../../../files/read-bounded.ts';
import { redirectLocation, refuseDowngrade, resolveLocation } from './redirect.ts';
import { isTransientFault, networkFault, transientFault } from './registry-fault.ts';
import { headerOf, type RegistryAnswer, type RegistryOperation, type RegistryRequest } from './registry-request.ts';
import { pauseBeforeRetry, type RetryOptions } from '../../../concurrency/retry.ts';

export interface RegistryClientDeps extends MonotonicClock {
  /** The registry's own, which each of its answers tells. */
  readonly clock: SharedClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Rejects when the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly resolveName: ResolveName;
  /** Told of every request sent, each try and each hop of a redirect, when the answer's head is there. */
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
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

export interface RegistryClientOptions {
  readonly origin: URL;
  readonly tls: RegistryTls;
  readonly timeouts: RegistryTimeouts;
  readonly retry: RetryOptions;
}

/** An HTTP client for one registry and for where it points to. It knows transport and pace, not what answers mean. */
export interface RegistryClient {
  readonly origin: URL;
  readonly timeouts: RegistryTimeouts;
  /** Sends, and reads a good answer's body whole within each try: at most `maxBytes` (default 8 KiB), else SIZE_EXCEEDED. */
  send(request: RegistryRequest, maxBytes?: number): Promise<RegistryAnswer & { readonly bytes: Uint8Array }>;
  /** Sends, and leaves a good answer's body to the caller, who must read or destroy it. */
  open(request: RegistryRequest): Promise<RegistryAnswer & { readonly stream: Readable }>;
  /** Waits as long as suits after try number `attempt`, from 1; throws `fault` where there should be no other in that time. */
  pause(attempt: number, fault: GatewayError, patience?: Patience): Promise<void>;
  close(): Promise<void>;
}

type OpenAnswer = RegistryAnswer & { readonly stream: Readable };

const maxRedirects = 5;

/**
 * Creates the client. Requests are tried again where the answer is one of the moment, and redirects of GET and HEAD followed,
 * never from https to http nor into a network that the registry isn't in. Throws ABORTED, STORE_UNAVAILABLE,
 * STORE_ANSWER_INVALID and SIZE_EXCEEDED.
 */
export function createRegistryClient(deps: RegistryClientDeps, options: RegistryClientOptions): RegistryClient {
  const guard = createAddressGuard(deps, options.origin.hostname);
  const dispatch = createDispatch(deps, options, guard);

  const exchange = async (request: RegistryRequest, attempt: number): Promise<OpenAnswer> => {
    refuseDowngrade(options.origin, request.url);
    let url = request.url;
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const { statusCode: status, headers, body } = await dispatch.send(request, url, attempt);
      const location = mayRedirect(request) ? redirectLocation({ status, headers }) : undefined;
      if (location === undefined) return answerOf({ status, headers, url }, body);
      await body.dump();
      url = resolveLocation(url, location);
    }
    throw new GatewayError('STORE_ANSWER_INVALID', `${options.origin.host} redirects in circles`);
  };

  const pause = async (attempt: number, fault: GatewayError, patience: Patience = {}): Promise<void> => {
    const { signal } = patience;
    const { retryAfterSeconds } = fault.details;
    const asked = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined;
    const pauseMs = pauseBeforeRetry(attempt, asked, options.retry, deps.random);
    if (pauseMs === undefined || !leavesTimeFor(deps, patience, pauseMs)) throw fault;
    await deps.sleep(pauseMs, signal).catch((error: unknown) => {
      throw signal?.aborted === true ? abortedFault(signal) : error;
    });
  };

  const untilSettled = async <T extends RegistryAnswer>(
    request: RegistryRequest,
    attemptOnce: (attempt: number) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await attemptOnce(attempt);
        const fault = transientFault(answer, deps.clock.stamp());
        if (fault === undefined) return answer;
        throw fault;
      } catch (error) {
        const fault = networkFault(error, request);
        if (fault === undefined || request.isRestartable === false || !isTransientFault(fault)) throw fault ?? error;
        await pause(attempt, fault, request.patience);
      }
    }
  };

  return {
    origin: options.origin,
    timeouts: options.timeouts,
    pause,
    send: (request, maxBytes = maxErrorBytes) =>
      untilSettled(request, async (attempt) => {
        const { stream, ...answer } = await exchange(request, attempt);
        return { ...answer, bytes: await readBounded(stream, maxBytes, `the answer of ${answer.url.host}`) };
      }),
    open: (request) => untilSettled(request, (attempt) => exchange(request, attempt)),
    close: () => dispatch.close(),
  };
}

function mayRedirect({ method, followsRedirects }: RegistryRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && followsRedirects !== false;
}

async function answerOf(head: Omit<RegistryAnswer, 'faults'>, body: Readable): Promise<OpenAnswer> {
  // A body that is destroyed before its end says so by an error, which would end the process where nobody listens.
  body.on('error', () => undefined);
  if (head.status < 400) return { ...head, faults: [], stream: body };
  return { ...head, faults: parseErrorBody(await readRefusal(body)), stream: Readable.from([]) };
}

// Distribution answers 416 with the length of the blob and then less: the status says enough without its text.
async function readRefusal(body: Readable): Promise<Uint8Array> {
  try {
    const { bytes } = await readBeginning(body, maxErrorBytes);
    return bytes;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    return new Uint8Array();
  }
}

interface Dispatch {
  send(request: RegistryRequest, url: URL, attempt: number): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

// One hop. Other origins than the registry's get no client certificate and no address that the guard refuses.
function createDispatch(deps: RegistryClientDeps, options: RegistryClientOptions, guard: AddressGuard): Dispatch {
  const { ca, clientCertificate, insecure } = options.tls;
  const limits = { bodyTimeout: options.timeouts.idleMs, keepAliveTimeout: 30_000 };
  const connect = {
    rejectUnauthorized: insecure !== true,
    timeout: options.timeouts.connectMs,
    ...(ca !== undefined && { ca }),
  };
  const identity = clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.key };
  const registry = new Pool(options.origin, { ...limits, connect: { ...connect, ...identity } });
  const elsewhere = new Agent({
    ...limits,
    connect: {
      ...connect,
      lookup: (...asked) => {
        guard.lookup(...asked);
      },
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

function dispatchOptions(
  request: RegistryRequest,
  url: URL,
  answerMs: number,
): Dispatcher.RequestOptions & { origin: string } {
  const { method, body, authorization } = request;
  const signal = request.patience?.signal;
  const headers: Record<string, string> = { ...request.headers };
  if (body !== undefined) headers['content-length'] = String(body.size);
  if (authorization !== undefined && url.origin === request.url.origin) headers['authorization'] = authorization;
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
