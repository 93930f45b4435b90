import { GatewayError } from '../../errors.ts';
import type { FoundPackage, SignedIndex } from '../../repository/repository.ts';
import type { ByteRange } from '../../store/store.ts';
import type { FileAddress, FileReading, RepositoryBase } from '../addressing.ts';
import { answer, jsonAnswer, safeHeaders } from '../answer.ts';
import type { AnswerHeaders } from '../answer.ts';
import { auditName } from '../audit.ts';
import type { Audit } from '../audit.ts';
import type { ContentAnswer } from '../content-answer.ts';
import { formatHttpDate, isNotModified, isRangeCurrent, parseRange } from '../conditional.ts';
import { findByReading } from '../file-readings.ts';
import { nodeOf } from '../http-options.ts';
import type { HttpContext, HttpDependencies, HttpSettings, RequestContext } from '../http-options.ts';
import { conditionsOf } from '../request-reader.ts';
import type { RequestReader } from '../request-reader.ts';

/** What apk, apko and proxies ask for: indexes and packages; and deleting, by the same path. */
export interface PackageRoutes {
  /** What `serveIndex` would answer without waiting for anything; undefined where it would have to. */
  peekIndex(c: RequestContext, address: { base: RepositoryBase; architecture: string }): ContentAnswer | undefined;
  serveIndex(c: RequestContext, address: { base: RepositoryBase; architecture: string }): Promise<ContentAnswer>;
  servePackage(c: RequestContext, address: FileAddress): Promise<ContentAnswer>;
  withdrawPackage(c: HttpContext, address: FileAddress): Promise<Response>;
  serveStatus(c: HttpContext, base: RepositoryBase): Promise<Response>;
}

export function createPackageRoutes(
  deps: HttpDependencies & { readonly requests: RequestReader; readonly audit: Audit },
  settings: HttpSettings,
): PackageRoutes {
  const { repositories, requests, log, audit } = deps;
  const headersOfIndex = remembered(formatIndexHeaders);

  const find = async (c: RequestContext, reading: FileReading, fileName: string) => {
    const caller = requests.caller(c, 'read');
    const { at } = reading.base;
    // Without a signal, like an index: it is found in one.
    if (reading.architecture !== undefined) {
      return repositories.findPackage(at, reading.architecture, fileName, caller);
    }
    const options = { signal: c.req.raw.signal };
    const listed = (await repositories.list(at, caller, options)).filter((pkg) => pkg.fileName === fileName);
    const [first, second] = listed;
    if (second !== undefined) throw ambiguous(fileName);
    return first && repositories.findPackage(at, first.architecture, fileName, caller, options);
  };

  return {
    peekIndex(c, { base, architecture }) {
      const index = repositories.peekIndex(base.at, architecture, requests.caller(c, 'read'));
      return index && indexAnswer(c, index, headersOfIndex(index));
    },

    async serveIndex(c, { base, architecture }) {
      // Without a signal: many readers share this work, and making one for each costs more than it could save.
      const index = await repositories.openIndex(base.at, architecture, requests.caller(c, 'read'));
      if (index === undefined) throw noIndex(base, architecture);
      return indexAnswer(c, index, headersOfIndex(index));
    },

    async servePackage(c, address) {
      const found = await findByReading(address, (reading) => find(c, reading, address.fileName));
      if (found === undefined) throw unknownPackage(address.fileName);
      if (isNotModified(conditionsOf(c), validatorsOf(found))) return contentOf(304, null, validatorHeaders(found));
      const location = settings.redirectBlobs === true ? await found.locate({ signal: c.req.raw.signal }) : undefined;
      if (location !== undefined) return redirect(location);
      return packageAnswer(c, found, (error) => {
        log.error({ err: error, requestId: nodeOf(c).record?.requestId }, 'a package was cut short');
      });
    },

    async withdrawPackage(c, address) {
      const { fileName, folder } = address;
      const attempt = {
        action: 'delete',
        files: [`${folder ?? ''}/${fileName}`],
        at: address.readings[0]?.base.at,
      } as const;
      try {
        const caller = requests.caller(c, 'write');
        const deleted = await findByReading(address, async ({ base: { at }, architecture }) => {
          const architectures = await repositories.withdraw(at, { architecture, fileName }, caller);
          return { at, files: architectures.map((one) => `${one}/${fileName}`) };
        });
        audit.accepted(c, { ...attempt, ...deleted, who: auditName(caller, c) });
      } catch (error) {
        audit.refused(c, { ...attempt, who: auditName(undefined, c) }, error);
        throw error;
      }
      return answer(204, null, {});
    },

    async serveStatus(c, base) {
      const status = await repositories.status(base.at, requests.caller(c, 'read'), { signal: c.req.raw.signal });
      const { branch, repository } = base.at;
      return jsonAnswer(200, { branch, repository, ...status }, { 'Cache-Control': 'no-store' });
    },
  };
}

function indexAnswer(c: RequestContext, index: SignedIndex, headers: IndexHeaders): ContentAnswer {
  if (isNotModified(conditionsOf(c), index)) return { status: 304, headers: headers.unchanged, body: null };
  return { status: 200, headers: headers.whole, body: index.bytes };
}

/** The headers of an index with its content and without. */
interface IndexHeaders {
  readonly whole: AnswerHeaders;
  readonly unchanged: AnswerHeaders;
}

function formatIndexHeaders(index: SignedIndex): IndexHeaders {
  const unchanged = safeHeaders({
    'Cache-Control': 'no-cache',
    ETag: index.etag,
    ...(index.lastModified !== undefined && { 'Last-Modified': formatHttpDate(index.lastModified) }),
    ...(index.isStale && { 'X-Lkard-Stale': 'true' }),
    ...(index.isUnverified && { 'X-Lkard-Unverified': 'true' }),
  });
  const content = { 'Content-Type': 'application/gzip', 'Content-Length': String(index.bytes.byteLength) };
  return { unchanged, whole: { ...unchanged, ...content } };
}

/** What was made of an object once, made no second time: the service hands out the same index until it changes. */
function remembered<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

function validatorsOf(found: FoundPackage) {
  return { etag: `"${found.digest}"`, lastModified: found.pushedAt };
}

function validatorHeaders(found: FoundPackage): AnswerHeaders {
  const { etag, lastModified } = validatorsOf(found);
  return { 'Cache-Control': 'max-age=31536000, immutable', ETag: etag, 'Last-Modified': formatHttpDate(lastModified) };
}

async function packageAnswer(
  c: RequestContext,
  found: FoundPackage,
  onFault: (error: unknown) => void,
): Promise<ContentAnswer> {
  const type = { 'Accept-Ranges': 'bytes', 'Content-Type': 'application/vnd.alpine.apk' };
  const headers = { ...validatorHeaders(found), ...type };
  if (c.req.method === 'HEAD') return contentOf(200, null, { ...headers, 'Content-Length': String(found.size) });
  const mayBePart = isRangeCurrent(c.req.header('if-range'), validatorsOf(found));
  const range = mayBePart ? parseRange(c.req.header('range'), found.size) : undefined;
  if (range === 'unsatisfiable') return unsatisfiable(found);
  const body = await found.open(range, {
    // Asked for only where the store is: it costs more than an answer from memory.
    get signal() {
      return c.req.raw.signal;
    },
  });
  if (range === undefined) {
    return { ...contentOf(200, body, { ...headers, 'Content-Length': String(found.size) }), onFault };
  }
  return { ...contentOf(206, body, { ...headers, ...partHeaders(range, found.size) }), onFault };
}

function partHeaders({ start, end }: ByteRange, size: number): AnswerHeaders {
  return { 'Content-Length': String(end - start + 1), 'Content-Range': `bytes ${start}-${end}/${size}` };
}

function unsatisfiable(found: FoundPackage): ContentAnswer {
  const text = Buffer.from(`${found.fileName} has ${found.size} bytes\n`);
  const length = { 'Content-Length': String(text.byteLength), 'Content-Type': 'text/plain; charset=utf-8' };
  return contentOf(416, text, { 'Content-Range': `bytes */${found.size}`, ...length });
}

/** 302 and no other: apk follows neither 307 nor 308. The store's URL is good for a short time only. */
function redirect(location: URL): ContentAnswer {
  return contentOf(302, null, { Location: location.href, 'Cache-Control': 'no-store', 'Content-Length': '0' });
}

function contentOf(status: number, body: ContentAnswer['body'], headers: AnswerHeaders): ContentAnswer {
  return { status, headers: safeHeaders(headers), body };
}

function noIndex({ at }: RepositoryBase, architecture: string): GatewayError {
  const place = `${at.branch}/${at.repository}`;
  return new GatewayError('REPOSITORY_UNKNOWN', `${place} never had a package for ${architecture}`);
}

function unknownPackage(fileName: string): GatewayError {
  return new GatewayError('PACKAGE_UNKNOWN', `there is no package file ${fileName} here`);
}

function ambiguous(fileName: string): GatewayError {
  const message = `${fileName} is there for several architectures: ask for it with one in the path`;
  return new GatewayError('PACKAGE_UNKNOWN', message);
}
