import type { ByteRange } from '../../store/store.ts';

/** What tells representations apart. */
export interface Validators {
  /** Strong, quotes included (RFC 9110 section 8.8.3). */
  readonly etag: string;
  readonly lastModified?: Date | undefined;
}

/** The request's conditional headers, as they came. */
export interface Conditions {
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
}

/**
 * Whether a 304 is right (RFC 9110 section 13.2.2). `If-None-Match` compares weakly and wins; `If-Modified-Since` counts
 * only where it EQUALS the date sent: apk sends its own clock's time, so a later date proves nothing.
 */
export function isNotModified(conditions: Conditions, current: Validators): boolean {
  const { ifNoneMatch, ifModifiedSince } = conditions;
  if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, current.etag);
  if (ifModifiedSince === undefined || current.lastModified === undefined) return false;
  return isSameSecond(ifModifiedSince, current.lastModified);
}

/**
 * The one range asked for, cut to `size` (RFC 9110 section 14.1.2). `unsatisfiable` where it starts behind the end;
 * undefined, for the whole, where the header is malformed or lists several ranges (section 14.2 leaves that open).
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start > end || (first === '' && Number(last) === 0) ? 'unsatisfiable' : { start, end };
}

/** Whether `If-Range` lets the range stand (RFC 9110 section 13.1.5): strong comparison, or the very date sent. */
export function isRangeCurrent(ifRange: string | undefined, current: Validators): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return ifRange.trim() === current.etag;
  return current.lastModified !== undefined && isSameSecond(ifRange, current.lastModified);
}

/** A date as HTTP writes it (RFC 9110 section 5.6.7). */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}

function listsTag(list: string, etag: string): boolean {
  if (list === etag) return true;
  if (list.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  for (const [, tag] of list.matchAll(/(?:W\/)?("[^"]*")/g)) {
    if (tag === opaque) return true;
  }
  return false;
}

function isSameSecond(header: string, date: Date): boolean {
  return Math.floor(Date.parse(header) / 1000) === Math.floor(date.getTime() / 1000);
}
