import { createBoundedCache, type TimeToLive } from './bounded-cache.ts';
import type { ShareCall } from './shared-calls.ts';

export interface KeptCallsOptions {
  /** Keys that are kept at most. */
  readonly max: number;
  /** How long an answer is good for, from when its call began. Default: for ever. */
  readonly life?: TimeToLive;
  /** The same for a failure, from when it came. Default: 0 ms, the next who asks calls again. */
  readonly failedTtlMs?: number;
}

/** Calls whose answer is kept for a while: who comes while one runs, or while its answer is good, gets that one. */
export function createKeptCalls<T>({ max, life, failedTtlMs = 0 }: KeptCallsOptions): ShareCall<T> {
  const answers = createBoundedCache<Promise<T>>(max, life);
  return (key, call) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = call();
    answers.set(key, answer);
    answer.catch(() => {
      if (answers.get(key) === answer) answers.set(key, answer, failedTtlMs);
    });
    return answer;
  };
}
