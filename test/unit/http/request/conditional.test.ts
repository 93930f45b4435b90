import { describe, expect, it } from 'vitest';
import { formatHttpDate, isNotModified, isRangeCurrent, parseRange } from '../../../../src/http/request/conditional.ts';

const lastModified = new Date('2026-03-04T05:06:07.890Z');
const current = { etag: '"abc"', lastModified };
const sent = formatHttpDate(lastModified);

describe('isNotModified', () => {
  it.each([
    ['"abc"', true],
    ['W/"abc"', true],
    ['"x", "abc"', true],
    ['"x" ,W/"abc"', true],
    ['"a,b","abc"', true],
    ['*', true],
    ['"abcd"', false],
    ['abc', false],
    ['', false],
  ])('If-None-Match: %s', (ifNoneMatch, expected) => {
    expect(isNotModified({ ifNoneMatch }, current)).toBe(expected);
  });

  it.each([
    ['the date that was sent', sent, true],
    ['a second later', formatHttpDate(new Date(lastModified.getTime() + 1000)), false],
    ['a second earlier', formatHttpDate(new Date(lastModified.getTime() - 1000)), false],
    ["the client's own clock, years on", 'Fri, 01 Jan 2038 00:00:00 GMT', false],
    ['no date at all', 'yesterday', false],
  ])('If-Modified-Since with %s', (_case, ifModifiedSince, expected) => {
    expect(isNotModified({ ifModifiedSince }, current)).toBe(expected);
  });

  it('never says 304 by date while no date is sent', () => {
    expect(isNotModified({ ifModifiedSince: sent }, { etag: '"abc"', lastModified: undefined })).toBe(false);
  });

  it('lets If-None-Match win over If-Modified-Since', () => {
    expect(isNotModified({ ifNoneMatch: '"x"', ifModifiedSince: sent }, current)).toBe(false);
  });
});

describe('parseRange of 100 bytes', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=10-', { start: 10, end: 99 }],
    ['bytes=90-200', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
    ['Bytes=99-', { start: 99, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=100-200', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=20-10', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['bytes=a-b', undefined],
    ['lines=0-1', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it('has no satisfiable range of nothing', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});

describe('isRangeCurrent', () => {
  it.each([
    [undefined, true],
    ['"abc"', true],
    ['W/"abc"', false],
    ['"x"', false],
    [sent, true],
    ['Fri, 01 Jan 2038 00:00:00 GMT', false],
  ])('If-Range: %s', (ifRange, expected) => {
    expect(isRangeCurrent(ifRange, current)).toBe(expected);
  });
});
