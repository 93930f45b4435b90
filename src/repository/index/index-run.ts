import { NOARCH } from '../../apk/architectures.ts';
import { constants, crc32, inflateRawSync, inflateSync } from 'node:zlib';
import { deflateRun } from '../../apk/index/index-content.ts';
import { parseRecords } from '../../apk/index/index-file.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { formatIndexV3Record, isV3Entry, parseIndexV3Record } from '../../apk/index-v3/index-v3-record.ts';
import { packageFileName } from '../../apk/package-name.ts';
import { decodeText, encodeText } from '../../apk/text.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { packageTagOf } from '../artifacts/package-tag.ts';
import { indexedPackage, type IndexedPackage } from './indexed-package.ts';
import { formatRunDetails, malformed, parseRunDetails, type RunDetails } from './run-details.ts';

/** Some bytes as a layer. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** Which packages a run lists: one run holds those of one format. */
export type RunFormat = 'v2' | 'v3';

/** A run of records: the bytes that join into the index, and beside them what the registry knows of each record. */
export interface IndexRun {
  readonly files: readonly IndexedPackage[];
  /** Raw deflate of the records, closed by a full flush. */
  readonly part: Part;
  readonly crc: number;
  /** Of the records, inflated, in bytes. */
  readonly length: number;
  /** zlib-packed lines, one for each record (run-details.ts). */
  readonly details: Part;
  readonly byFileName: ReadonlyMap<string, IndexedPackage>;
}

/** The most that one run or its details may inflate to: 100,000 records in 40 runs, three times over. */
const maxRunBytes = 32 * 1024 * 1024;

/** The run that lists these files, which must be sorted. */
export function buildRun(files: readonly IndexedPackage[]): IndexRun {
  // Made when it is needed, which is for few runs: kept, the texts would be a third of what an index takes in memory.
  const text = encodeText(files.map(({ pkg }) => formatIndexV3Record(pkg.entry)).join(''));
  const { bytes, crc, length } = deflateRun(text);
  const details = partOf(formatRunDetails(files));
  return { files, part: partOf(bytes), crc, length, details, byFileName: byFileName(files) };
}

/**
 * A stored run, read back. Throws INDEX_MALFORMED where records and details don't fit each other, the group or the format: what
 * comes from a registry is input. Nor does it hold more than so many records.
 */
export function parseRun(
  group: Group,
  part: Part,
  details: Part,
  format: RunFormat = 'v2',
  maxRecords = Infinity,
): IndexRun {
  const text = inflated(() =>
    inflateRawSync(part.bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxRunBytes }),
  );
  const detailsText = inflated(() => inflateSync(details.bytes, { maxOutputLength: maxRunBytes }));
  // Before any is parsed: small ones take twenty times as much memory as text.
  if (holdsMore(text, '\n\n', maxRecords) || holdsMore(detailsText, '\n', maxRecords))
    throw malformed(`more than ${maxRecords} records`);
  const entries = parseRecords(decodeText(text).text, parseIndexV3Record);
  const lines = parseRunDetails(detailsText);
  if (entries.length !== lines.length) throw malformed(`${entries.length} records, details of ${lines.length}`);
  const files = entries.map((entry, i) => {
    const line = lines[i];
    if (line === undefined) throw malformed('a record without details');
    if (isV3Entry(entry) !== (format === 'v3')) throw malformed('a record of the other format');
    return fileOf(group, entry, line);
  });
  return { files, part, crc: crc32(text), length: text.length, details, byFileName: byFileName(files) };
}

/**
 * The same run, those of its layers that can't be had under other bytes: a registry that claims to have a blob that it lost may
 * take it no second time.
 */
export function withFreshBytes(run: IndexRun, isLost: (part: Part) => boolean): IndexRun {
  const { part, details } = run;
  const fresh = (lost: Part, at: number) =>
    isLost(lost) ? partOf(Buffer.concat([lost.bytes.subarray(0, at), emptyBlock, lost.bytes.subarray(at)])) : lost;
  return { ...run, part: fresh(part, part.bytes.length), details: fresh(details, zlibHeaderBytes) };
}

// Inflates to nothing, wherever one block ends at a byte border and the next begins (RFC 1951 section 3.2.4).
const emptyBlock = Uint8Array.of(0, 0, 0, 0xff, 0xff);
const zlibHeaderBytes = 2;

/** Bytes as a layer. */
export function partOf(bytes: Uint8Array): Part {
  return { bytes, digest: digestOf(bytes) };
}

function fileOf(group: Group, entry: IndexV3Entry, line: RunDetails): IndexedPackage {
  const { architecture, identity } = entry;
  if (architecture !== group.architecture && architecture !== NOARCH) throw malformed('a foreign record');
  const fileName = packageFileName(entry.name, entry.version);
  const owner = { ...group, architecture };
  const tagOf = (fresh: string) => packageTagOf(owner, { fileName, identity }, fresh);
  const { digest, packager, pushedBy, signature, provenance } = line;
  const pkg = { fileName, architecture, entry, digest, packager, pushedBy, signature, provenance };
  return indexedPackage(pkg, line.fresh.map(tagOf), line.held.map(tagOf));
}

/** Whether a text holds another more than so many times. */
function holdsMore(text: Buffer, part: string, max: number): boolean {
  if (text.length / part.length <= max) return false;
  let at = -part.length;
  for (let count = 0; count <= max; count += 1) {
    at = text.indexOf(part, at + part.length);
    if (at === -1) return false;
  }
  return true;
}

function inflated(inflate: () => Buffer): Buffer {
  try {
    return inflate();
  } catch (cause) {
    throw new GatewayError('INDEX_MALFORMED', 'a stored index run does not inflate', { cause });
  }
}

function byFileName(files: readonly IndexedPackage[]): ReadonlyMap<string, IndexedPackage> {
  return new Map(files.map((file) => [file.pkg.fileName, file]));
}
