import { GatewayError } from '../../errors.ts';
import type { FileAddress, FileReading, RepositoryBase } from '../request/addressing.ts';
import { answer, jsonAnswer, safeHeaders } from '../answer/answer.ts';
import { auditName, type Audit } from '../caller/audit.ts';
import type { ContentAnswer } from '../answer/content-answer.ts';
import { findByReading } from '../request/ambiguous-path.ts';
import { nodeOf, type HttpContext, type HttpDependencies, type HttpSettings, type RequestContext } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { createContentOf } from './content-of.ts';

/** What apk, apko and proxies ask for: indexes and packages; and deleting, by the same path. */
export interface PackageRoutes {
  /** What `serveIndex` would answer without waiting for anything; undefined where it would have to. */
  peekIndex(c: RequestContext, address: { base: RepositoryBase; architecture: string }): ContentAnswer | undefined;
  /** What `servePackage` would answer without waiting for anything; undefined where it would have to. */
  peekPackage(c: RequestContext, address: FileAddress): ContentAnswer | undefined;
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
  const contentOf = createContentOf();

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
      const index = repositories.peekIndex(base.at, architecture, requests.peeker(c));
      return index && contentOf.index(c, index);
    },

    peekPackage(c, { readings: [reading], fileName }) {
      // Elsewhere the store would send the caller; and a path without an architecture asks for a listing first.
      if (settings.redirectBlobs === true || reading?.architecture === undefined) return undefined;
      const found = repositories.peekPackage(reading.base.at, reading.architecture, fileName, requests.peeker(c));
      if (found === undefined) return undefined;
      const planned = contentOf.package(c, found.facts);
      const { status, headers, part } = planned;
      if (part === undefined) return planned;
      return { status, headers, body: part === 'whole' ? found.bytes : found.bytes.subarray(part.start, part.end + 1) };
    },

    async serveIndex(c, { base, architecture }) {
      // Without a signal: many readers share this work, and making one for each costs more than it could save.
      const index = await repositories.openIndex(base.at, architecture, requests.caller(c, 'read'));
      if (index === undefined) throw noIndex(base, architecture);
      return contentOf.index(c, index);
    },

    async servePackage(c, address) {
      const found = await findByReading(address, (reading) => find(c, reading, address.fileName));
      if (found === undefined) throw unknownPackage(address.fileName);
      const planned = contentOf.package(c, found);
      if (planned.status === 304) return planned;
      const { signal } = c.req.raw;
      const location = settings.redirectBlobs === true ? await found.locate({ signal }) : undefined;
      if (location !== undefined) return redirect(location);
      const { part } = planned;
      if (part === undefined) return planned;
      const body = await found.open(part === 'whole' ? undefined : part, { signal });
      const onFault = (error: unknown) => {
        log.error({ err: error, requestId: nodeOf(c).record?.requestId }, 'a package was cut short');
      };
      return { ...planned, body, onFault };
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

/** 302 and no other: apk follows neither 307 nor 308. The store's URL is good for a short time only. */
function redirect(location: URL): ContentAnswer {
  const headers = { Location: location.href, 'Cache-Control': 'no-store', 'Content-Length': '0' };
  return { status: 302, headers: safeHeaders(headers), body: null };
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
