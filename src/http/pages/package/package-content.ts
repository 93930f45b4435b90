import { Readable } from 'node:stream';
import { listAnyPackageContents } from '../../../apk/any-package.ts';
import { isV3Entry } from '../../../apk/index-v3/index-v3-record.ts';
import { GatewayError } from '../../../errors.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import type { FoundPackage } from '../../../repository/service/reading.ts';
import { contentResponse } from '../../answer/content-answer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { HttpDependencies } from '../../options.ts';
import { createUploadSlots, type UploadSlots } from '../../upload/upload-slots.ts';
import { renderFilesPage } from './files-page.tsx';
import type { OpenedRepository } from './opened-repository.ts';
import { pageHeaders } from '../frame/page-answer.ts';
import { packageLink } from '../frame/page-links.ts';
import type { PageRequest } from '../frame/page-context.tsx';

/** What pages read from packages themselves. */
export interface PackageContent {
  /** The list of a package's files, sent while it is read. OVERLOADED where too many are read already. */
  serveFiles(exchange: Exchange, request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<Response>;
  /** The package, for browsers that only pages know the login of. */
  serveFile(exchange: Exchange, request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<Response>;
}

export interface PackageContentDeps extends Pick<HttpDependencies, 'repositories' | 'log'> {
  /** Room for what packages make their readers hold. */
  readonly payloads: UploadSlots;
}

/** Packages that are read for their list of files at a time. */
const maxReadings = 8;

export function createPackageContent({ repositories, log, payloads }: PackageContentDeps): PackageContent {
  const readings = createUploadSlots({ maxUploads: maxReadings, maxWaiting: 0, waitMs: 0 });

  const find = async ({ caller, signal }: PageRequest, { place }: OpenedRepository, pkg: ListedPackage) => {
    const found = await repositories.findPackage(place.at, pkg.architecture, pkg.fileName, caller, { signal });
    if (found === undefined) throw new GatewayError('PACKAGE_UNKNOWN', `${pkg.fileName} is gone`);
    return found;
  };
  const noteFault = (exchange: Exchange) => (error: unknown) => {
    log.error({ err: error, requestId: exchange.record.requestId }, 'a page or its package was cut short');
  };

  return {
    async serveFiles(exchange, request, opened, pkg) {
      const format = isV3Entry(pkg.entry) ? 'v3' : 'v2';
      const giveBack = await (format === 'v3' ? payloads : readings).take(request.signal);
      try {
        const source = await (await find(request, opened, pkg)).open(undefined, { signal: request.signal });
        const above = { label: pkg.entry.name, href: packageLink(opened.place, opened.architecture, pkg) };
        const crumbs = [...opened.crumbs, above, { label: 'Files' }];
        const contents = listAnyPackageContents(format, chunksOf(source, request.signal));
        const page = renderFilesPage({ frame: request.frame, crumbs, pkg }, contents, request.signal);
        const body = Readable.from(page);
        return await contentResponse(exchange, {
          status: 200,
          headers: pageHeaders,
          body,
          onFault: noteFault(exchange),
        });
      } finally {
        giveBack();
      }
    },
    async serveFile(exchange, request, opened, pkg) {
      const found = await find(request, opened, pkg);
      const body = await found.open(undefined, { signal: request.signal });
      return contentResponse(exchange, {
        status: 200,
        headers: downloadHeaders(found),
        body,
        onFault: noteFault(exchange),
      });
    },
  };
}

/** The content until its reader leaves: a generator can't be ended while it waits for the next chunk. */
async function* chunksOf(content: Readable | Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = content instanceof Readable ? (content as AsyncIterable<Uint8Array>) : [content];
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}

function downloadHeaders(found: FoundPackage) {
  return {
    'Content-Type': 'application/vnd.alpine.apk',
    'Content-Length': String(found.size),
    'Content-Disposition': `attachment; filename="${found.fileName}"`,
    'Cache-Control': 'private, no-cache',
    'X-Content-Type-Options': 'nosniff',
  };
}
