import { setTimeout as sleep } from 'node:timers/promises';
import { isGatewayError } from '../../../errors.ts';
import {
  defaultRetryOptions,
  isTransientStatus,
  parseRetryAfter,
  pauseBeforeRetry,
  type RetryOptions,
} from '../../../concurrency/retry.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';

/** Tries in all, unless said otherwise: some twenty seconds, so that a gateway may be restarted meanwhile. */
export const defaultTries = 6;

/** Names that nobody knows and certificates that nobody trusts are the same the next time. */
const lastingFaults = /ENOTFOUND|EAI_NONAME|CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO_VERIFY|EPROTO|speak TLS/;

/**
 * A client that tries again where nobody answers, or the answer may be another one the next time (`Retry-After` is heeded, up
 * to 30 s). What `lkar` asks may be asked twice: a push says that bytes that are there already are no fault. `say` is told
 * before each pause.
 */
export function createRetryingClient(
  http: HttpClient,
  say: (line: string) => void,
  given: {
    readonly tries?: number | undefined;
    readonly random?: () => number;
    /** Ends a pause, with its reason. */
    readonly signal?: AbortSignal | undefined;
  } & Partial<RetryOptions> = {},
): HttpClient {
  const { tries = defaultTries, random = Math.random, signal } = given;
  const options = { ...defaultRetryOptions, baseMs: 1000, ...given, attempts: tries };

  /** How long to wait before the next try; undefined where there is none. */
  const pauseAfter = (attempt: number, retryAfter?: string) =>
    pauseBeforeRetry(attempt, parseRetryAfter(retryAfter, Date.now()), options, random);

  const rest = async (attempt: number, reason: string, pauseMs: number) => {
    say(`${reason}; trying again in ${(pauseMs / 1000).toFixed(1)} s (${attempt + 1} of ${tries})`);
    await sleep(pauseMs, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : error;
    });
  };

  /** Undefined where it is to be sent again. */
  const trySending = async (asked: HttpRequest, attempt: number): Promise<HttpAnswer | undefined> => {
    let answer: HttpAnswer;
    try {
      answer = await http.send(asked);
    } catch (error) {
      const pauseMs = isPassing(error, asked) ? pauseAfter(attempt) : undefined;
      if (pauseMs === undefined) throw error;
      await rest(attempt, (error as Error).message, pauseMs);
      return undefined;
    }
    const pauseMs = isTransientStatus(answer.status) ? pauseAfter(attempt, answer.header('retry-after')) : undefined;
    if (pauseMs === undefined) return answer;
    // Before the pause: the rest of a refused body need not be sent.
    answer.body.destroy();
    await rest(attempt, `${asked.url.origin} answered ${answer.status}`, pauseMs);
    return undefined;
  };

  return {
    async send(asked) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await trySending(asked, attempt);
        if (answer === undefined) continue;
        // A delete whose answer was lost has done its work all the same.
        return { ...answer, isRepeated: attempt > 1 };
      }
    },
    close: () => http.close(),
  };
}

/** A push waits for a gateway that restarts; who reads rather hears at once that nobody listens at that port. */
function isPassing(error: unknown, { method }: HttpRequest): boolean {
  if (!isGatewayError(error, 'STORE_UNAVAILABLE') || lastingFaults.test(error.message)) return false;
  return method !== 'GET' || !error.message.includes('ECONNREFUSED');
}
