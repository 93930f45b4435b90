import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { foreignFormat, formatProbeBytes } from './foreign-format.ts';
import { createMemberReader } from '../gzip/gzip-members.ts';
import { indexEntryOf, type IndexEntry } from '../index/index-entry.ts';
import type { PackageInfo } from './package-info.ts';
import { defaultPackageLimits, type PackageLimits } from './package-limits.ts';
import { packageFileName } from '../package-name.ts';
import { createPackageSections, type PackageParts } from './package-sections.ts';

/** All that is to be known of a package that was read to its end and found good. */
export interface PackageSummary extends PackageParts {
  readonly format: 'v2';
  readonly info: PackageInfo;
  readonly entry: IndexEntry;
  /** Of the whole file, lower-case hex. */
  readonly sha256: string;
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** The name under which clients ask for it, whatever the file was called. */
  readonly fileName: string;
  /** As in .PKGINFO: `all` is kept. */
  readonly architecture: string;
}

/** Takes a package in chunks of any size. After a rejection: no more calls but `close`. */
export interface PackageReader {
  /** The chunk is done with when the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of the file; resolves only if all of it is as clients need it. */
  end(): Promise<PackageSummary>;
  /** Gives back what is held where a file is not read to its end. */
  close(): void;
}

/** Reads a package from a source, with the promises of `createPackageReader`. */
export async function readPackage(
  source: AsyncIterable<Uint8Array>,
  options?: Partial<PackageLimits>,
): Promise<PackageSummary> {
  const reader = createPackageReader(options);
  try {
    for await (const chunk of source) await reader.write(chunk);
    return await reader.end();
  } finally {
    reader.close();
  }
}

/**
 * Reads a v2 package (APKv2) once, as a stream, within constant memory. Rejects with PACKAGE_MALFORMED, with
 * PACKAGE_UNSUPPORTED for other formats, with SIZE_EXCEEDED past `maxFileBytes`; the message names the part at fault.
 */
export function createPackageReader(options: Partial<PackageLimits> = {}): PackageReader {
  const limits = { ...defaultPackageLimits, ...options };
  const whole = createHash('sha256');
  const sections = createPackageSections(limits);
  const members = createMemberReader(sections);
  let probe: Uint8Array | undefined = new Uint8Array(0);
  let size = 0;

  /** Nothing is inflated before the first bytes have told the format. */
  const pastProbe = (chunk: Uint8Array): Uint8Array => {
    if (probe === undefined) return chunk;
    const start = probe.length === 0 ? chunk : Buffer.concat([probe, chunk]);
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    if (!isGzip && start.length >= formatProbeBytes) throw notGzip(start);
    probe = isGzip ? undefined : start;
    return isGzip ? start : new Uint8Array(0);
  };

  const finish = (): PackageSummary => {
    if (probe !== undefined) throw size === 0 ? malformed('the file is empty') : notGzip(probe);
    members.end();
    return summaryOf(sections.finish(), whole.digest('hex'), size);
  };

  return {
    async write(chunk) {
      size += chunk.length;
      if (size > limits.maxFileBytes) throw tooLarge(limits);
      const read = members.write(pastProbe(chunk));
      // zlib has the chunk in a thread of its own meanwhile
      whole.update(chunk);
      await read;
    },
    end: () => Promise.resolve().then(finish),
    close() {
      members.close();
    },
  };
}

function summaryOf(parts: PackageParts, sha256: string, size: number): PackageSummary {
  const { info, identity } = parts;
  const entry = indexEntryOf(info, { identity, fileSize: size });
  const fileName = packageFileName(info.name, info.version);
  return { ...parts, format: 'v2', entry, sha256, size, fileName, architecture: info.architecture };
}

function notGzip(start: Uint8Array): GatewayError {
  if (start.length === 1 && start[0] === 0x1f) return malformed('truncated: the file has one byte');
  const format = foreignFormat(start.subarray(0, formatProbeBytes));
  if (format === undefined) return malformed('not gzip, so not a package');
  return new GatewayError('PACKAGE_UNSUPPORTED', `not gzip: ${format}; an apk package is needed`);
}

function malformed(what: string): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', what);
}

function tooLarge({ maxFileBytes }: PackageLimits): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', `package over ${maxFileBytes} bytes`, {
    details: { maxBytes: maxFileBytes },
  });
}
