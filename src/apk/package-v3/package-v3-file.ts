import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { createContainerReader } from '../adb/container-reader.ts';
import { decode } from '../adb/decode.ts';
import { nullWord, schemaNames, type SchemaName } from '../adb/layout.ts';
import { defaultAdbLimits, type AdbLimits } from '../adb/limits.ts';
import { openPayload, type PayloadReader } from '../adb/payload-reader.ts';
import { packageInfoSchema } from '../adb/schemas.ts';
import { createDataCheck, type DataCheck } from './package-v3-data.ts';
import { parsePackageV3Info, type ParsedPackageV3Info } from './package-v3-info.ts';
import { expectedFiles } from './package-v3-paths.ts';
import { indexV3EntryOf, packageV3SummaryOf, type PackageV3Summary } from './package-v3-summary.ts';

export interface PackageV3Limits extends AdbLimits {
  /** Bytes of the whole file, of which nothing is kept; default any number. Past it SIZE_EXCEEDED. */
  readonly maxFileBytes: number;
}

/** Takes a package in chunks of any size. After a rejection: no more calls but `close`. */
export interface PackageV3Reader {
  /** The chunk is done with when the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of the file; resolves only if all of it is as clients need it. */
  end(): Promise<PackageV3Summary>;
  /** Gives back what is held where a file is not read to its end. */
  close(): void;
}

// Slots of a package (docs/adb.md, 4)
const packageSlots = { info: 1, paths: 2 };
const knownSlots = Object.values(packageSlots);
// Paths hardly share anything, so what is read of them is little more than there is.
const pathBytesAByte = 4;

/** Reads a v3 package from a source, with the promises of `createPackageV3Reader`. */
export async function readPackageV3(
  source: AsyncIterable<Uint8Array>,
  options?: Partial<PackageV3Limits>,
): Promise<PackageV3Summary> {
  const reader = createPackageV3Reader(options);
  try {
    for await (const chunk of source) await reader.write(chunk);
    return await reader.end();
  } finally {
    reader.close();
  }
}

/**
 * Reads a v3 package (docs/adb.md) once, as a stream; in memory is its payload alone, whatever its files. Rejects with
 * PACKAGE_MALFORMED, with SIZE_EXCEEDED past `maxFileBytes`; the message names the part at fault.
 */
export function createPackageV3Reader(options: Partial<PackageV3Limits> = {}): PackageV3Reader {
  const limits = { ...defaultAdbLimits, maxFileBytes: Infinity, ...options };
  const whole = createHash('sha256');
  let size = 0;
  let parsed: ParsedPackageV3Info | undefined;
  let data: DataCheck | undefined;
  const container = createContainerReader(
    {
      schema: assertPackageSchema,
      payload(payload) {
        parsed = readInfo(payload, limits);
        data = createDataCheck(readPaths(payload, limits), malformed);
      },
      beginData: (bytes) => data?.begin(bytes),
      data: (bytes) => data?.content(bytes),
      endData: () => data?.end(),
    },
    limits,
    malformed,
  );

  return {
    async write(chunk) {
      size += chunk.length;
      if (size > limits.maxFileBytes) throw tooLarge(limits);
      const read = container.write(chunk);
      // zlib has the chunk in a thread of its own meanwhile
      whole.update(chunk);
      await read;
    },
    async end() {
      const file = await container.end();
      if (parsed === undefined || data === undefined) throw malformed('no payload');
      const { hasData } = data.finish();
      return packageV3SummaryOf(parsed, hasData, file, { sha256: whole.digest('hex'), size });
    },
    close() {
      container.close();
    },
  };
}

/** Refuses a record that would harm clients before any data is taken in; what isn't needed is checked alone. */
function readInfo(payload: Uint8Array, limits: PackageV3Limits): ParsedPackageV3Info {
  const reader = openPayload(payload, limits, malformed);
  const end = reader.slotCount(reader.root);
  for (let slot = 1; slot < end; slot += 1)
    if (!knownSlots.includes(slot)) reader.check(reader.slot(reader.root, slot));
  const info = slotAt(reader, packageSlots.info);
  if (info === nullWord) throw malformed('no info');
  const parsed = parsePackageV3Info(decode(packageInfoSchema, reader, info, malformed));
  indexV3EntryOf(parsed.info, { identity: `Q2${Buffer.alloc(32).toString('base64')}`, fileSize: 0 });
  return parsed;
}

function readPaths(payload: Uint8Array, limits: PackageV3Limits): ReturnType<typeof expectedFiles> {
  const maxValueBytes = payload.length * pathBytesAByte + limits.maxValueBytes;
  const reader = openPayload(payload, { ...limits, maxValueBytes }, malformed);
  return expectedFiles(reader, slotAt(reader, packageSlots.paths), limits.maxEntries, malformed);
}

function slotAt(reader: PayloadReader, slot: number): number {
  return slot < reader.slotCount(reader.root) ? reader.slot(reader.root, slot) : nullWord;
}

function assertPackageSchema(name: SchemaName): void {
  if (name === schemaNames.index) throw malformed('this is an index, not a package');
  if (name !== schemaNames.package) throw malformed('this is a database, not a package');
}

function tooLarge({ maxFileBytes }: PackageV3Limits): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', `package over ${maxFileBytes} bytes`, {
    details: { maxBytes: maxFileBytes },
  });
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', what, cause === undefined ? {} : { cause });
}
