import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRequestLines } from '../../../../src/cli/lkard/request-lines.ts';
import type { RequestLine } from '../../../../src/ports.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-03-04T05:06:07.089Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a request is one line of JSON, whatever its path and its user agent are made of', () => {
  const { lines, written } = gathering('"pid":7');
  const hostile = { path: '/a"b\\c\u0000\u001b[31m\u2028', userAgent: 'say "hi"\n{}' };
  lines.add(aLine({ ...hostile, isAborted: true }));
  lines.flush();
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^[^\n]*\n$/);
  expect(JSON.parse(written[0] ?? '')).toEqual({
    level: 'info',
    pid: 7,
    time: '2026-03-04T05:06:07.089Z',
    requestId: 'r1',
    method: 'GET',
    ...hostile,
    status: 200,
    durationMs: 3,
    remote: '192.0.2.1',
    isAborted: true,
    msg: `GET ${hostile.path} 200`,
  });
});

it('what is unknown of a request is left out of its line', () => {
  const { lines, written } = gathering();
  lines.add(aLine({ userAgent: undefined, remote: undefined, isAborted: undefined }));
  lines.flush();
  expect(Object.keys(JSON.parse(written[0] ?? '') as object)).not.toEqual(
    expect.arrayContaining(['userAgent', 'remote', 'isAborted']),
  );
});

it('lines are written together, none lost and in their order, never more than a pipe takes at once', () => {
  const { lines, written } = gathering();
  for (let i = 0; i < 100; i += 1) lines.add(aLine({ requestId: `r${i}` }));
  expect(written.length).toBeLessThan(20);
  lines.flush();
  expect(Math.max(...written.map((text) => text.length))).toBeLessThanOrEqual(4096);
  const ids = [...written.join('').matchAll(/"requestId":"(r\d+)"/g)].map(([, id]) => id);
  expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => `r${i}`));
});

it('a line waits for no more than 100 ms', () => {
  const { lines, written } = gathering();
  lines.add(aLine());
  vi.advanceTimersByTime(100);
  expect(written).toHaveLength(1);
});

function gathering(base?: string) {
  const written: string[] = [];
  return { written, lines: createRequestLines((text) => written.push(text), base) };
}

function aLine(values: Partial<RequestLine> = {}): RequestLine {
  return {
    requestId: 'r1',
    method: 'GET',
    path: '/apk',
    userAgent: 'apk',
    status: 200,
    durationMs: 3,
    remote: '192.0.2.1',
    ...values,
  };
}
