import { expect, it } from 'vitest';
import { Day } from '../../../../../src/http/pages/frame/page-time.tsx';
import { renderPart } from '../../../../../src/http/pages/frame/page-answer.ts';

it.each([
  [99_999_999_999_999_000, 'unknown'],
  [300_000_000_000_000, 'unknown'],
  [Number.NaN, 'unknown'],
  [0, '1970-01-01'],
])('a package built at %d ms is shown as of %s', async (time, shown) => {
  expect(await renderPart(Day({ date: new Date(time) }))).toContain(shown);
});
