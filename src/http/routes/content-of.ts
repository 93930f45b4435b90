import { oncePerObject } from '../../concurrency/once-per-object.ts';
import type { PackageFacts, SignedIndex } from '../../repository/service/reading.ts';
import type { ByteRange } from '../../store/store.ts';
import { safeHeaders, type AnswerHeaders } from '../answer/answer.ts';
import { formatHttpDate, isNotModified, isRangeCurrent, parseRange } from '../request/conditional.ts';
import type { ContentAnswer } from '../answer/content-answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { conditionsOf } from '../caller/request-reader.ts';

/** What the headers of an index or a package say of it, with its content and without. */
interface ContentHeaders {
  readonly whole: AnswerHeaders;
  readonly unchanged: AnswerHeaders;
}

/**
 * The same for somebody who showed credentials: no cache on the way may keep it for others. By RFC 9111 section 3.5 none would,
 * but some ask only what `Cache-Control` says.
 */
interface HeadersByReader {
  readonly anybody: ContentHeaders;
  readonly oneReader: ContentHeaders;
}

/** The answer to a reader of a package; where `part` is defined, that part of it is to be its body. */
export interface PackagePlan extends ContentAnswer {
  readonly part: ByteRange | 'whole' | undefined;
}

const indexTypes = { v2: 'application/gzip', v3: 'application/octet-stream' } as const;

/** Decides what a reader gets of an index or a package, by its own headers and the request's alone. */
export interface ContentOf {
  index(exchange: Exchange, index: SignedIndex): ContentAnswer;
  package(exchange: Exchange, facts: PackageFacts): PackagePlan;
}

/** Headers are made once an index version and once a package, for as long as the service hands out the same object. */
export function createContentOf(): ContentOf {
  const headersOfIndex = oncePerObject((index: SignedIndex) =>
    byReader('no-cache', (cacheControl) => formatIndexHeaders(index, cacheControl)),
  );
  const headersOfPackage = oncePerObject((facts: PackageFacts) =>
    byReader(facts.kept === undefined ? 'max-age=31536000, immutable' : 'no-cache', (cacheControl) =>
      formatPackageHeaders(facts, cacheControl),
    ),
  );

  return {
    index(exchange, index) {
      const { unchanged, whole } = forReader(exchange, headersOfIndex(index));
      if (isNotModified(conditionsOf(exchange), index)) return { status: 304, headers: unchanged, body: null };
      return { status: 200, headers: whole, body: index.bytes };
    },

    package(exchange, facts) {
      const { unchanged, whole } = forReader(exchange, headersOfPackage(facts));
      const validators = { etag: unchanged['ETag'] ?? '', lastModified: facts.lastModified };
      if (isNotModified(conditionsOf(exchange), validators)) return plan(304, unchanged, undefined);
      if (exchange.method === 'HEAD') return plan(200, whole, undefined);
      const asked = exchange.header('range');
      const mayBePart = asked !== undefined && isRangeCurrent(exchange.header('if-range'), validators);
      const range = mayBePart ? parseRange(asked, facts.size) : undefined;
      if (range === undefined) return plan(200, whole, 'whole');
      if (range === 'unsatisfiable') return unsatisfiable(facts);
      return plan(206, { ...whole, ...partHeaders(range, facts.size) }, range);
    },
  };
}

function plan(status: number, headers: AnswerHeaders, part: PackagePlan['part']): PackagePlan {
  return { status, headers, body: null, part };
}

function forReader(exchange: Exchange, { anybody, oneReader }: HeadersByReader): ContentHeaders {
  return exchange.header('authorization') === undefined ? anybody : oneReader;
}

function byReader(cacheControl: string, format: (cacheControl: string) => ContentHeaders): HeadersByReader {
  return { anybody: format(cacheControl), oneReader: format(`private, ${cacheControl}`) };
}

function formatIndexHeaders(index: SignedIndex, cacheControl: string): ContentHeaders {
  const unchanged = safeHeaders({
    'Cache-Control': cacheControl,
    ETag: index.etag,
    ...(index.lastModified !== undefined && { 'Last-Modified': formatHttpDate(index.lastModified) }),
    ...(index.isStale && { 'X-Lkard-Stale': 'true' }),
    ...(index.lagSeconds > 0 && { 'X-Lkard-Lag': String(index.lagSeconds) }),
    ...(index.isUnverified && { 'X-Lkard-Unverified': 'true' }),
  });
  const content = { 'Content-Type': indexTypes[index.format], 'Content-Length': String(index.bytes.byteLength) };
  return { unchanged, whole: { ...unchanged, ...content } };
}

function formatPackageHeaders(
  { digest, lastModified, size, kept }: PackageFacts,
  cacheControl: string,
): ContentHeaders {
  const unchanged = safeHeaders({
    'Cache-Control': cacheControl,
    ETag: `"${digest}"`,
    ...(kept && { 'X-Lkard-Kept': `${kept.why}; until=${kept.until.toISOString()}` }),
    ...(lastModified !== undefined && { 'Last-Modified': formatHttpDate(lastModified) }),
  });
  const content = { 'Content-Type': 'application/vnd.alpine.apk', 'Content-Length': String(size) };
  return { unchanged, whole: { ...unchanged, 'Accept-Ranges': 'bytes', ...content } };
}

function partHeaders({ start, end }: ByteRange, size: number): AnswerHeaders {
  return { 'Content-Length': String(end - start + 1), 'Content-Range': `bytes ${start}-${end}/${size}` };
}

function unsatisfiable({ fileName, size }: PackageFacts): PackagePlan {
  const text = Buffer.from(`${fileName} has ${size} bytes\n`);
  const length = { 'Content-Length': String(text.byteLength), 'Content-Type': 'text/plain; charset=utf-8' };
  const headers = safeHeaders({ 'Content-Range': `bytes */${size}`, 'Cache-Control': 'no-store', ...length });
  return { ...plan(416, headers, undefined), body: text };
}
