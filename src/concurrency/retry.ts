/** How often and how patiently a request is tried again. */
export interface RetryOptions {
  /** Tries in all. Default: 5. */
  readonly attempts: number;
  /** The longest first pause, in ms; it doubles with each try. Default: 250. */
  readonly baseMs: number;
  /** The longest pause, in ms. Default: 8,000. */
  readonly capMs: number;
  /** The longest pause that a `Retry-After` may ask for, in ms; past it the call fails at once. Default: 30,000. */
  readonly retryAfterCapMs: number;
}

/** The defaults of RetryOptions. */
export const defaultRetryOptions: RetryOptions = { attempts: 5, baseMs: 250, capMs: 8000, retryAfterCapMs: 30_000 };

// 499 and 522 are what nginx and Cloudflare say for a connection that broke behind them.
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 499, 500, 502, 503, 504, 522]);

/** Whether an answer of this status may be another one the next time. */
export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status);
}

/** Whether the text of a refusal says that it is one of pace (GitHub answers 403 for its secondary rate limit). */
export function isRateLimitText(text: string): boolean {
  return /rate[ -]?limit|too ?many ?requests/i.test(text);
}

/** The seconds that `Retry-After` asks to wait (RFC 9110 section 10.2.3; GitLab sends fractions), from `nowMs` on. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const at = /[A-Za-z]/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, (at - nowMs) / 1000);
}

/**
 * The pause before the next try, in ms: full jitter up to a doubling limit, so that callers who failed together don't come
 * back together, and at least what the server asked for. Undefined where trying again is not worth it.
 */
export function pauseBeforeRetry(
  attempt: number,
  retryAfterSeconds: number | undefined,
  options: RetryOptions,
  random: () => number,
): number | undefined {
  if (attempt >= options.attempts) return undefined;
  const jitterMs = random() * Math.min(options.capMs, options.baseMs * 2 ** (attempt - 1));
  const askedMs = (retryAfterSeconds ?? 0) * 1000;
  return askedMs > options.retryAfterCapMs ? undefined : askedMs + jitterMs;
}
