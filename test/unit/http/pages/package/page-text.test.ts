import { expect, it } from 'vitest';
import { renderPart } from '../../../../../src/http/pages/frame/page-answer.ts';
import { agoOf, Day } from '../../../../../src/http/pages/frame/page-time.tsx';

it.each([
  [99_999_999_999_999_000, 'unknown'],
  [300_000_000_000_000, 'unknown'],
  [Number.NaN, 'unknown'],
  [0, '1970-01-01'],
])('a package built at %d ms is shown as of %s', async (time, shown) => {
  expect(await renderPart(Day({ date: new Date(time) }))).toContain(shown);
});

const seconds = { minute: 60, hour: 3600, day: 86_400 };
it.each([
  [0, 'just now'],
  [-30, 'just now'],
  [59, 'just now'],
  [60, '1 minute ago'],
  [59 * seconds.minute, '59 minutes ago'],
  [seconds.hour, '1 hour ago'],
  [25 * seconds.hour, '1 day ago'],
  [13 * seconds.day, '13 days ago'],
  [20 * seconds.day, '2 weeks ago'],
  [70 * seconds.day, '2 months ago'],
  [800 * seconds.day, '2 years ago'],
  [-2 * seconds.day, '2026-03-06'],
])('%i seconds later a push was %s', (later, told) => {
  const now = new Date('2026-03-04T05:06:07Z');
  expect(agoOf(new Date(now.getTime() - later * 1000), now)).toBe(told);
});
