import { listPackageV3Contents } from './package-v3/package-v3-contents.ts';
import { createPackageV3Reader } from './package-v3/package-v3-file.ts';
import type { PackageV3Summary } from './package-v3/package-v3-summary.ts';
import { listPackageContents, type InstalledFile } from './package/package-contents.ts';
import { createPackageReader, type PackageSummary } from './package/package-file.ts';

/** A package of either format that was read to its end and found good; `format` tells which. */
export type AnyPackageSummary = PackageSummary | PackageV3Summary;

/** Takes a package of either format in chunks of any size. After a rejection: no more calls but `close`. */
export interface AnyPackageReader {
  /** The chunk is done with when the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of the file; resolves only if all of it is as clients need it. */
  end(): Promise<AnyPackageSummary>;
  /** Gives back what is held where a file is not read to its end. */
  close(): void;
}

export interface AnyPackageOptions {
  /** Bytes of the whole file; default any number. */
  readonly maxFileBytes?: number;
  /** Called before a v3 package is read, whose payload is held in memory; what it gives is called when it no longer is. */
  readonly beginPayload?: (() => Promise<() => void>) | undefined;
}

// All three ways in which a v3 package may begin share them, and nothing else does (docs/adb.md, 1).
const v3Start = Buffer.from('ADB');

/**
 * Reads a package whose first bytes say by which reader: `createPackageV3Reader` where they are those of an ADB file, else
 * `createPackageReader`, which names other formats. Rejects as those do.
 */
export function createAnyPackageReader(options: AnyPackageOptions = {}): AnyPackageReader {
  let start: Uint8Array = Buffer.alloc(0);
  let reader: AnyPackageReader | undefined;
  let endPayload: (() => void) | undefined;
  /** Undefined while the bytes may yet become those of either. */
  const choose = async (isAll: boolean): Promise<AnyPackageReader | undefined> => {
    if (!isAll && start.length < v3Start.length && v3Start.subarray(0, start.length).equals(start)) return undefined;
    if (!isV3(start)) return createPackageReader(options);
    endPayload = await options.beginPayload?.();
    return createPackageV3Reader(options);
  };

  return {
    async write(chunk) {
      if (reader !== undefined) return reader.write(chunk);
      start = Buffer.concat([start, chunk]);
      reader = await choose(false);
      await reader?.write(start);
    },
    async end() {
      if (reader === undefined) {
        reader = await choose(true);
        await reader?.write(start);
      }
      return (reader ?? createPackageReader(options)).end();
    },
    close() {
      reader?.close();
      endPayload?.();
    },
  };
}

/** Reads a package of either format from a source, with the promises of `createAnyPackageReader`. */
export async function readAnyPackage(
  source: AsyncIterable<Uint8Array>,
  options?: AnyPackageOptions,
): Promise<AnyPackageSummary> {
  const reader = createAnyPackageReader(options);
  try {
    for await (const chunk of source) await reader.write(chunk);
    return await reader.end();
  } finally {
    reader.close();
  }
}

/** What a package would put into a client's file system, of the format that it was found to be in when it was read. */
export function listAnyPackageContents(
  format: AnyPackageSummary['format'],
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<InstalledFile, void, undefined> {
  return format === 'v3' ? listPackageV3Contents(source) : listPackageContents(source);
}

function isV3(start: Uint8Array): boolean {
  return v3Start.equals(start.subarray(0, v3Start.length));
}
