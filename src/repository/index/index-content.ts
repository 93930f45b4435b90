import { constants, crc32, deflateSync, inflateRawSync, inflateSync } from 'node:zlib';
import { contentHead, contentTail, deflateRun } from '../../apk/index/index-content.ts';
import { formatIndexEntry } from '../../apk/index/index-entry.ts';
import { parseIndexText } from '../../apk/index/index-file.ts';
import { encodeText, decodeText } from '../../apk/text.ts';
import { GatewayError } from '../../errors.ts';
import { digestOf, digestOfHex, hexOf, type Digest } from '../../oci/digest.ts';
import { parseJson } from '../../oci/json.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { indexedPackage, type IndexedPackage } from './indexed-package.ts';
import { cutRuns } from './index-runs.ts';
import { packageFileName } from '../../apk/package-name.ts';
import {
  formatPackageSignature,
  parsePackageSignature,
  type PackageSignature,
} from '../artifacts/package-signature.ts';
import { freshPartOf, isFreshPart, packageTagOf } from '../artifacts/package-tag.ts';

/** Some bytes as a layer. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** A run of records: the bytes that join into the index, and beside them what the registry knows of each record. */
export interface IndexRun {
  readonly files: readonly IndexedPackage[];
  /** Raw deflate of the records, closed by a full flush. */
  readonly part: Part;
  readonly crc: number;
  /** Of the records, inflated, in bytes. */
  readonly length: number;
  /** zlib-packed lines, one for each record (`formatDetails`). */
  readonly details: Part;
  readonly byFileName: ReadonlyMap<string, IndexedPackage>;
}

/** The content member of an index, in the pieces that are stored. Without its signatures. */
export interface IndexContent {
  readonly runs: readonly IndexRun[];
  readonly head: Uint8Array;
  readonly tail: Part;
  /** What it lists, in its order; made when first asked for, as is the next. */
  readonly files: () => readonly IndexedPackage[];
  /** The same by each of its tags. */
  readonly byTag: () => ReadonlyMap<string, IndexedPackage>;
}

/** The most that one run or its details may inflate to: 100,000 records in 40 runs, three times over. */
const maxRunBytes = 32 * 1024 * 1024;

/**
 * The content member that lists `files`, which must be sorted. Runs that hold the very same files as one of `previous` are
 * taken over as they are; the same set gives the same bytes all the same.
 */
export function buildIndexContent(
  at: Pick<Group, 'branch' | 'repository'>,
  files: readonly IndexedPackage[],
  previous: readonly IndexRun[],
): IndexContent {
  const known = new Map(previous.map((run) => [run.files[0], run]));
  const runs = cutRuns(files).map((cut) => {
    const run = known.get(cut[0]);
    return run !== undefined && isSameRun(run.files, cut) ? run : buildRun(cut);
  });
  const length = runs.reduce((sum, run) => sum + run.length, 0);
  const head = contentHead(`${at.branch}/${at.repository}`, length);
  const tail = contentTail([head, ...runs]);
  return indexContent({ runs, head: head.bytes, tail: partOf(tail) });
}

/** The pieces of a content member in order: joined, they are one gzip member. */
export function contentPieces(content: IndexContent): readonly Uint8Array[] {
  return [content.head, ...content.runs.map((run) => run.part.bytes), content.tail.bytes];
}

/** A content member of these pieces, as stored. */
export function indexContent(pieces: Pick<IndexContent, 'runs' | 'head' | 'tail'>): IndexContent {
  let files: readonly IndexedPackage[] | undefined;
  let byTag: Map<string, IndexedPackage> | undefined;
  return {
    ...pieces,
    files: () => (files ??= pieces.runs.flatMap((run) => run.files)),
    byTag: () => (byTag ??= new Map(pieces.runs.flatMap((run) => run.files.flatMap(taggedWith)))),
  };
}

/** What an index lists under a file name. */
export function findFile(content: IndexContent, fileName: string): IndexedPackage | undefined {
  for (const run of content.runs) {
    const file = run.byFileName.get(fileName);
    if (file !== undefined) return file;
  }
  return undefined;
}

/**
 * A stored run, read back. Throws INDEX_MALFORMED where records and details don't fit each other or the group: what comes
 * from a registry is input.
 */
export function parseRun(group: Group, part: Part, details: Part): IndexRun {
  const text = inflated(() =>
    inflateRawSync(part.bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxRunBytes }),
  );
  const entries = parseIndexText(decodeText(text).text);
  const lines = parseDetails(inflated(() => inflateSync(details.bytes, { maxOutputLength: maxRunBytes })));
  if (entries.length !== lines.length) throw malformed(`${entries.length} records, details of ${lines.length}`);
  const files = entries.map((entry, i) => {
    const line = lines[i];
    if (line === undefined) throw malformed('a record without details');
    if (entry.architecture !== group.architecture && entry.architecture !== 'noarch')
      throw malformed('a foreign record');
    const fileName = packageFileName(entry.name, entry.version);
    const owner = { ...group, architecture: entry.architecture };
    const tagOf = (fresh: string) => packageTagOf(owner, { fileName, identity: entry.identity }, fresh);
    return indexedPackage(
      {
        fileName,
        architecture: entry.architecture,
        entry,
        digest: line.digest,
        packager: line.packager,
        pushedBy: line.pushedBy,
        signature: line.signature,
      },
      line.fresh.map(tagOf),
      line.fresh.filter((_fresh, i) => line.held[i] === heldMark).map(tagOf),
    );
  });
  return { files, part, crc: crc32(text), length: text.length, details, byFileName: byFileName(files) };
}

function inflated(inflate: () => Buffer): Buffer {
  try {
    return inflate();
  } catch (cause) {
    throw new GatewayError('INDEX_MALFORMED', 'a stored index run does not inflate', { cause });
  }
}

function isSameRun(a: readonly IndexedPackage[], b: readonly IndexedPackage[]): boolean {
  return a.length === b.length && a.every((file, i) => file === b[i]);
}

function buildRun(files: readonly IndexedPackage[]): IndexRun {
  // Made when it is needed, which is for few runs: kept, the texts would be a third of what an index takes in memory.
  const text = encodeText(files.map(({ pkg }) => formatIndexEntry(pkg.entry)).join(''));
  const { bytes, crc, length } = deflateRun(text);
  return {
    files,
    part: partOf(bytes),
    crc,
    length,
    details: partOf(formatDetails(files)),
    byFileName: byFileName(files),
  };
}

function taggedWith(file: IndexedPackage): [string, IndexedPackage][] {
  return file.tags.map((tag) => [tag, file]);
}

function byFileName(files: readonly IndexedPackage[]): ReadonlyMap<string, IndexedPackage> {
  return new Map(files.map((file) => [file.pkg.fileName, file]));
}

function partOf(bytes: Uint8Array): Part {
  return { bytes, digest: digestOf(bytes) };
}

interface Details {
  readonly digest: Digest;
  /** The fresh parts of the record's tags; all else in a tag follows from the record. */
  readonly fresh: readonly string[];
  /** A character for each of them, `1` where the tag is held; empty in what older versions wrote. */
  readonly held: string;
  readonly packager?: string | undefined;
  readonly pushedBy?: string | undefined;
  readonly signature?: PackageSignature | undefined;
}

const heldMark = '1';

/**
 * One JSON array a line: digest in hex, fresh parts, packager, pusher, the verdict on its signatures, and which tags are held;
 * empty text for what isn't known, and none of it at the end of a line.
 */
function formatDetails(files: readonly IndexedPackage[]): Uint8Array {
  const lines = files.map(({ pkg, tags, held }) => {
    const marks = held.length === 0 ? '' : tags.map((tag) => (held.includes(tag) ? heldMark : '0')).join('');
    const signature = pkg.signature === undefined ? '' : formatPackageSignature(pkg.signature);
    const optional = marks !== '' ? [signature, marks] : signature !== '' ? [signature] : [];
    return JSON.stringify([
      hexOf(pkg.digest),
      tags.map(freshPartOf),
      pkg.packager ?? '',
      pkg.pushedBy ?? '',
      ...optional,
    ]);
  });
  return deflateSync(encodeText(lines.join('\n')), { level: 9 });
}

function parseDetails(bytes: Uint8Array): readonly Details[] {
  const { text } = decodeText(bytes);
  return text === '' ? [] : text.split('\n').map(parseDetailsLine);
}

function parseDetailsLine(line: string): Details {
  const [hex, fresh, packager, pushedBy, signature, held]: unknown[] = parseArray(line);
  if (typeof hex !== 'string' || !/^[0-9a-f]{64}$/.test(hex)) throw malformed('details without a digest');
  if (!Array.isArray(fresh) || fresh.length === 0 || !fresh.every(isFreshPart))
    throw malformed('details without a tag');
  return {
    digest: digestOfHex(hex),
    fresh,
    held: textOrNothing(held) ?? '',
    packager: textOrNothing(packager),
    pushedBy: textOrNothing(pushedBy),
    signature: parsePackageSignature(textOrNothing(signature)),
  };
}

function parseArray(line: string): unknown[] {
  const value = parseJson(line);
  if (Array.isArray(value)) return value;
  throw malformed('details that are no JSON array');
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function malformed(what: string): GatewayError {
  return new GatewayError('INDEX_MALFORMED', `a stored index run is damaged: ${what}`);
}
