import { Readable } from 'node:stream';
import { GatewayError } from '../../../errors.ts';
import { maxErrorBytes, parseErrorBody } from '../../../oci/error-body.ts';
import { abortedFault } from '../../../concurrency/aborted.ts';
import { leavesTimeFor, type Patience } from './patience.ts';
import { createDispatch, type DispatchDeps, type DispatchOptions, type RegistryTimeouts } from './registry-dispatch.ts';
import { readBeginning, readBounded } from '../../../files/read-bounded.ts';
import { redirectLocation, refuseDowngrade, resolveLocation } from './redirect.ts';
import { isTransientFault, networkFault, transientFault } from './registry-fault.ts';
import type { RegistryAnswer, RegistryRequest } from './registry-request.ts';
import { pauseBeforeRetry, type RetryOptions } from '../../../concurrency/retry.ts';

export interface RegistryClientDeps extends DispatchDeps {
  /** In [0, 1). */
  readonly random: () => number;
  /** Rejects when the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface RegistryClientOptions extends DispatchOptions {
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
  const dispatch = createDispatch(deps, options);

  const exchange = async (request: RegistryRequest, attempt: number): Promise<OpenAnswer> => {
    refuseDowngrade(options.origin, request.url);
    let url = request.url;
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const { statusCode: status, headers, body } = await dispatch.send(request, url, attempt);
      const location = mayRedirect(request) ? redirectLocation({ status, headers }) : undefined;
      const target = location === undefined ? undefined : resolveLocation(url, location);
      const isFollowed = target !== undefined && (request.staysAtHost !== true || target.hostname === url.hostname);
      if (!isFollowed) return answerOf({ status, headers, url }, body);
      await body.dump();
      url = target;
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
