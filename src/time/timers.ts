import { setTimeout as sleepNode } from 'node:timers/promises';

/** The longest that Node's timers wait, some 24.8 days; a longer time would fire at once. */
const longestMs = 2 ** 31 - 1;

/** That many milliseconds, as many as a timer can wait for at most. */
export function timerMs(ms: number): number {
  return Math.min(ms, longestMs);
}

/** Resolves after so many milliseconds, rejects when the signal fires. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await sleepNode(timerMs(ms), undefined, { signal });
}

/** Resolves after so many milliseconds, or at once when the signal fires. */
export function sleepUnlessWoken(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, timerMs(ms));
    signal?.addEventListener('abort', wake);
  });
}
