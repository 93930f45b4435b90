import { describe, expect, it } from 'vitest';
import {
  defaultRetryOptions,
  isRateLimitText,
  parseRetryAfter,
  pauseBeforeRetry,
} from '../../../src/concurrency/retry.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('parseRetryAfter', () => {
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['5', 5],
    [' 0.5 ', 0.5],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['-1', undefined],
    ['1e3', undefined],
    ['soon', undefined],
  ])('of %s is %s', (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds);
  });
});

describe('pauseBeforeRetry', () => {
  it('doubles up to its cap, with full jitter', () => {
    const longest = [1, 2, 3, 4].map((attempt) => pauseBeforeRetry(attempt, undefined, defaultRetryOptions, () => 1));
    expect(longest).toEqual([250, 500, 1000, 2000]);
    expect(pauseBeforeRetry(3, undefined, defaultRetryOptions, () => 0)).toBe(0);
    expect(pauseBeforeRetry(9, undefined, { ...defaultRetryOptions, attempts: 20 }, () => 1)).toBe(8000);
  });

  it('is at least what the server asks for, and none where that is too long or the tries are used up', () => {
    expect(pauseBeforeRetry(1, 3, defaultRetryOptions, () => 0)).toBe(3000);
    expect(pauseBeforeRetry(1, 31, defaultRetryOptions, () => 0)).toBeUndefined();
    expect(pauseBeforeRetry(5, undefined, defaultRetryOptions, () => 0)).toBeUndefined();
  });
});

describe('isRateLimitText', () => {
  it.each(['You have exceeded a secondary rate limit', 'TOOMANYREQUESTS', 'rate-limited'])('knows %s', (text) => {
    expect(isRateLimitText(text)).toBe(true);
  });

  it('takes no other refusal for one', () => {
    expect(isRateLimitText('requested access to the resource is denied')).toBe(false);
  });
});
