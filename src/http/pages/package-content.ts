import { Readable } from 'node:stream';
import { listPackageContents } from '../../apk/package-contents.ts';
import { readPackageSigners, signatureProbeBytes } from '../../apk/package-signers.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { createBoundedMap } from '../../repository/bounded-map.ts';
import type { FoundPackage, ListedPackage } from '../../repository/repository.ts';
import { contentResponse } from '../content-answer.ts';
import { nodeOf } from '../http-options.ts';
import type { HttpContext, HttpDependencies } from '../http-options.ts';
import { createUploadSlots } from '../upload-slots.ts';
import { renderFilesPage } from './files-page.tsx';
import type { OpenedRepository } from './opened-repository.ts';
import { pageHeaders } from './page-answer.ts';
import type { PageRequest } from './page-context.tsx';

/** What pages read from packages themselves. */
export interface PackageContent {
  /** The list of a package's files, sent while it is read. OVERLOADED where too many are read already. */
  serveFiles(c: HttpContext, request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<Response>;
  /** The package, for browsers that only pages know the login of. */
  serveFile(c: HttpContext, request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<Response>;
  /** The names of the keys that signed the file; undefined where it can't be read now. */
  signersOf(request: PageRequest, opened: OpenedRepository, pkg: ListedPackage): Promise<readonly string[] | undefined>;
}

/** Packages that are read for their list of files at a time. */
const maxReadings = 8;
const rememberedSigners = 10_000;

export function createPackageContent({
  repositories,
  log,
}: Pick<HttpDependencies, 'repositories' | 'log'>): PackageContent {
  const readings = createUploadSlots({ maxUploads: maxReadings, maxWaiting: 0, waitMs: 0 });
  const signers = createBoundedMap<readonly string[]>(rememberedSigners);

  const find = async ({ caller, signal }: PageRequest, { place }: OpenedRepository, pkg: ListedPackage) => {
    const found = await repositories.findPackage(place.at, pkg.architecture, pkg.fileName, caller, { signal });
    if (found === undefined) throw new GatewayError('PACKAGE_UNKNOWN', `${pkg.fileName} is gone`);
    return found;
  };
  const noteFault = (c: HttpContext) => (error: unknown) => {
    log.error({ err: error, requestId: nodeOf(c).record?.requestId }, 'a page or its package was cut short');
  };

  return {
    async serveFiles(c, request, opened, pkg) {
      const giveBack = await readings.take(request.signal);
      try {
        const source = await (await find(request, opened, pkg)).open(undefined, { signal: request.signal });
        const crumbs = [...opened.crumbs, { label: pkg.entry.name }, { label: 'Files' }];
        const page = renderFilesPage({ frame: request.frame, crumbs, pkg }, listPackageContents(chunksOf(source)));
        const body = Readable.from(page);
        return await contentResponse(c, { status: 200, headers: pageHeaders, body, onFault: noteFault(c) });
      } finally {
        giveBack();
      }
    },
    async serveFile(c, request, opened, pkg) {
      const found = await find(request, opened, pkg);
      const body = await found.open(undefined, { signal: request.signal });
      return contentResponse(c, { status: 200, headers: downloadHeaders(found), body, onFault: noteFault(c) });
    },
    async signersOf(request, opened, pkg) {
      const known = signers.get(pkg.digest);
      if (known !== undefined) return known;
      const found = await find(request, opened, pkg);
      const names = await readSigners(found, request.signal).catch(asUnreadable);
      if (names !== undefined) signers.set(pkg.digest, names);
      return names;
    },
  };
}

async function readSigners(found: FoundPackage, signal: AbortSignal): Promise<readonly string[]> {
  const head = { start: 0, end: Math.min(found.size, signatureProbeBytes) - 1 };
  return readPackageSigners(chunksOf(await found.open(head, { signal })));
}

function chunksOf(content: Readable | Uint8Array): AsyncIterable<Uint8Array> {
  return content instanceof Readable ? content : Readable.from([content]);
}

/** The rest of the page doesn't need it. */
function asUnreadable(error: unknown): undefined {
  if (!isGatewayError(error)) throw error;
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
