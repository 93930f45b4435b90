import { GatewayError } from '../../errors.ts';
import type { StatusDocument } from '../../protocol/documents.ts';
import type { FileAddress, FileReading, IndexAddress, RepositoryBase } from '../request/addressing.ts';
import { answer, jsonAnswer, safeHeaders } from '../answer/answer.ts';
import { auditName, type Audit } from '../caller/audit.ts';
import type { ContentAnswer } from '../answer/content-answer.ts';
import { findByReading } from '../request/ambiguous-path.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies, HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import { createContentOf } from './content-of.ts';

/** What apk, apko and proxies ask for: indexes and packages; and deleting, by the same path. */
export interface PackageRoutes {
  /** What `serveIndex` would answer without waiting for anything; undefined where it would have to. */
  peekIndex(exchange: Exchange, address: IndexAddress): ContentAnswer | undefined;
  /** What `servePackage` would answer without waiting for anything; undefined where it would have to. */
  peekPackage(exchange: Exchange, address: FileAddress): ContentAnswer | undefined;
  serveIndex(exchange: Exchange, address: IndexAddress): Promise<ContentAnswer>;
  servePackage(exchange: Exchange, address: FileAddress): Promise<ContentAnswer>;
  withdrawPackage(exchange: Exchange, address: FileAddress): Promise<Response>;
  serveStatus(exchange: Exchange, base: RepositoryBase): Promise<Response>;
}

export function createPackageRoutes(
  deps: HttpDependencies & { readonly requests: RequestReader; readonly audit: Audit },
  settings: HttpSettings,
): PackageRoutes {
  const { repositories, requests, log, audit } = deps;
  const contentOf = createContentOf();

  const find = async (exchange: Exchange, reading: FileReading, fileName: string) => {
    const caller = requests.caller(exchange, 'read');
    const { at } = reading.base;
    // Without a signal, like an index: it is found in one.
    if (reading.architecture !== undefined) {
      return repositories.findPackage(at, reading.architecture, fileName, caller);
    }
    const options = { signal: exchange.signal };
    const listed = (await repositories.list(at, caller, options)).filter((pkg) => pkg.fileName === fileName);
    const [first, second] = listed;
    if (second !== undefined) throw ambiguous(fileName);
    if (first !== undefined) return repositories.findPackage(at, first.architecture, fileName, caller, options);
    const [kept, another] = await repositories.findKept(at, fileName, caller, options);
    if (another !== undefined) throw ambiguous(fileName);
    return kept;
  };

  return {
    peekIndex(exchange, { base, architecture, format }) {
      const caller = requests.peeker(exchange);
      const index =
        format === 'v3'
          ? repositories.peekIndexV3(base.at, architecture, caller)
          : repositories.peekIndex(base.at, architecture, caller);
      return index && contentOf.index(exchange, index);
    },

    peekPackage(exchange, { readings: [reading], fileName }) {
      // Elsewhere the store would send the caller; and a path without an architecture asks for a listing first.
      if (settings.redirectBlobs === true || reading?.architecture === undefined) return undefined;
      const found = repositories.peekPackage(
        reading.base.at,
        reading.architecture,
        fileName,
        requests.peeker(exchange),
      );
      if (found === undefined) return undefined;
      const planned = contentOf.package(exchange, found.facts);
      const { status, headers, part } = planned;
      if (part === undefined) return planned;
      return { status, headers, body: part === 'whole' ? found.bytes : found.bytes.subarray(part.start, part.end + 1) };
    },

    async serveIndex(exchange, { base, architecture, format }) {
      // Without a signal: many readers share this work, and making one for each costs more than it could save.
      const caller = requests.caller(exchange, 'read');
      const index = await (format === 'v3'
        ? repositories.openIndexV3(base.at, architecture, caller)
        : repositories.openIndex(base.at, architecture, caller));
      if (index === undefined) throw noIndex(base, architecture);
      return contentOf.index(exchange, index);
    },

    async servePackage(exchange, address) {
      const found = await findByReading(address, (reading) => find(exchange, reading, address.fileName));
      if (found === undefined) throw unknownPackage(address.fileName);
      const planned = contentOf.package(exchange, found);
      if (planned.status === 304) return planned;
      const { signal } = exchange;
      const location = settings.redirectBlobs === true ? await found.locate({ signal }) : undefined;
      if (location !== undefined) return redirect(location);
      const { part } = planned;
      if (part === undefined) return planned;
      const body = await found.open(part === 'whole' ? undefined : part, { signal });
      const onFault = (error: unknown) => {
        log.error({ err: error, requestId: exchange.record.requestId }, 'a package was cut short');
      };
      return { ...planned, body, onFault };
    },

    async withdrawPackage(exchange, address) {
      const { fileName, folder } = address;
      const isNow = isYes(exchange.query('now'));
      const attempt = {
        action: 'delete',
        files: [`${folder ?? ''}/${fileName}`],
        at: address.readings[0]?.base.at,
      } as const;
      try {
        const caller = requests.caller(exchange, 'write');
        const deleted = await findByReading(address, async ({ base: { at }, architecture }) => {
          const architectures = await repositories.withdraw(at, { architecture, fileName }, caller, { isNow });
          return { at, files: architectures.map((one) => `${one}/${fileName}`) };
        });
        audit.accepted(exchange, { ...attempt, ...deleted, who: auditName(caller, exchange) });
      } catch (error) {
        audit.refused(exchange, { ...attempt, who: auditName(undefined, exchange) }, error);
        throw error;
      }
      return answer(204, null, {});
    },

    async serveStatus(exchange, base) {
      const status = await repositories.status(base.at, requests.caller(exchange, 'read'), { signal: exchange.signal });
      const { branch, repository } = base.at;
      const architectures = status.architectures.map((one) => ({
        ...one,
        comparedAt: one.comparedAt?.toISOString(),
        signers: [...one.signers],
        rivals: [...one.rivals],
        missing: [...one.missing],
        surplus: [...one.surplus],
      }));
      const document: StatusDocument = { branch, repository, architectures };
      return jsonAnswer(200, document, { 'Cache-Control': 'no-store' });
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

/** Of a query's word that may stand alone: `?now`, `?now=true`. */
function isYes(value: string | undefined): boolean {
  return value !== undefined && !['false', '0', 'no'].includes(value.toLowerCase());
}
