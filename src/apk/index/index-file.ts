import { NOARCH } from '../architectures.ts';
import { GatewayError } from '../../errors.ts';
import type { MemberFault } from '../gzip/gzip-header.ts';
import { readMember } from '../gzip/gzip-member.ts';
import { formatIndexEntry, parseIndexEntry, type IndexEntry } from './index-entry.ts';
import { isSignatureEntry, parseSignatureName, type Signature } from '../signature.ts';
import { createTarReader } from '../tar/tar.ts';
import { decodeText } from '../text.ts';

/** What an index may make its reader hold. */
export interface IndexLimits {
  /** Inflated bytes of the content member; default 256 MiB. */
  readonly maxContentBytes: number;
  /** Inflated bytes of each signature member; default 64 KiB. */
  readonly maxSignatureBytes: number;
  /** Default 7. */
  readonly maxSignatureMembers: number;
  /** Takes an index without signature, as `apk index` writes it; default false. */
  readonly mayBeUnsigned: boolean;
}

/** An APKINDEX.tar.gz taken apart. */
export interface IndexFile {
  /** In their order, of which clients take the first they can check. */
  readonly signatures: readonly Signature[];
  /** The content member as it is in the file: what is signed. */
  readonly content: Uint8Array;
  /** Empty where there is none. */
  readonly description: string;
  readonly entries: readonly IndexEntry[];
  /** The APKINDEX file inside. */
  readonly text: string;
}

interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const defaultLimits: IndexLimits = {
  maxContentBytes: 256 * 2 ** 20,
  maxSignatureBytes: 64 * 2 ** 10,
  maxSignatureMembers: 7,
  mayBeUnsigned: false,
};

/**
 * Reads a whole APKINDEX.tar.gz. Throws INDEX_MALFORMED for all that a client would reject or misread. Whether a
 * signature is right it does not ask: see `isTrusted`.
 */
export function readIndexFile(file: Uint8Array, options: Partial<IndexLimits> = {}): IndexFile {
  const limits = { ...defaultLimits, ...options };
  const signatures: Signature[] = [];
  const readFiles = createFileReader();
  for (let start = 0, count = 0; ; count += 1) {
    const member = readMember(file, start, limits.maxContentBytes, faultOf);
    const files = readFiles(member.content);
    if (!files.some(({ name }) => isSignatureEntry(name))) {
      if (member.end < file.length) throw malformed('bytes or another gzip member behind the content');
      if (signatures.length === 0 && !limits.mayBeUnsigned) throw malformed('no signature');
      return { signatures, content: file.subarray(start), ...contentOf(files) };
    }
    if (count >= limits.maxSignatureMembers) throw malformed('too many signature members');
    if (member.content.length > limits.maxSignatureBytes) throw malformed('signature too large');
    signatures.push(...files.map(signatureOf));
    start = member.end;
  }
}

/**
 * The signatures in the one signature member that `start` begins with, and where that member ends; what follows isn't looked
 * at. Throws INDEX_MALFORMED where there is no such member.
 */
export function readSignatureMember(start: Uint8Array): {
  readonly signatures: readonly Signature[];
  readonly length: number;
} {
  const member = readMember(start, 0, defaultLimits.maxSignatureBytes, faultOf);
  const signatures = createFileReader()(member.content).map(signatureOf);
  if (signatures.length === 0) throw malformed('no signature');
  return { signatures, length: member.end };
}

/** The records of an APKINDEX, in their order. Throws INDEX_MALFORMED; also where a client would drop one of them. */
export function parseIndexText(text: string): IndexEntry[] {
  return parseRecords(text, parseIndexEntry);
}

/** The same of records that `parse` knows, which may be others than APKINDEX can hold. */
export function parseRecords<Entry extends IndexEntry>(text: string, parse: (record: string) => Entry): Entry[] {
  if (text !== '' && !text.endsWith('\n')) throw malformed('the last line has no line end, so clients lose the record');
  const entries = text
    .split(/\n\n+/)
    .map((record) => record.replace(/^\n+|(?<!\n)\n+$/g, ''))
    .filter((record) => record !== '')
    .map((record) => parse(`${record}\n`));
  assertDistinct(entries, ({ identity }) => identity);
  assertDistinct(entries, ({ name, version }) => `${name}-${version}`);
  const architectures = new Set(entries.map(({ architecture }) => architecture).filter((name) => name !== NOARCH));
  if (architectures.size > 1)
    throw malformed(`records of several architectures: ${[...architectures].slice(0, 3).join(', ')}`);
  return entries;
}

/** An APKINDEX of these records, in the order given. */
export function formatIndexText(entries: readonly IndexEntry[]): string {
  return entries.map(formatIndexEntry).join('');
}

function assertDistinct(entries: readonly IndexEntry[], keyOf: (entry: IndexEntry) => string): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (seen.has(key)) throw malformed(`two records of ${key}, of which clients see one`);
    seen.add(key);
  }
}

/** Reads the files of one member after the other: to clients the members joined are one tar. */
function createFileReader(): (member: Uint8Array) => TarFile[] {
  let files: { name: string; bytes: Uint8Array; filled: number }[] = [];
  let limit = 0;
  const tar = createTarReader({
    entry({ name, type, size }) {
      if (type !== '0' && type !== '7') throw malformed(`${JSON.stringify(name.slice(0, 80))} is not a regular file`);
      if (size > limit) throw malformed('tar ends inside an entry');
      files.push({ name, bytes: Buffer.alloc(size), filled: 0 });
    },
    content(bytes) {
      const file = files.at(-1);
      file?.bytes.set(bytes, file.filled);
      if (file !== undefined) file.filled += bytes.length;
    },
    endMark() {
      if (files.some(({ name }) => isSignatureEntry(name))) throw malformed('end-of-archive mark behind a signature');
    },
    faultOf: malformed,
  });
  return (member) => {
    files = [];
    limit = member.length;
    tar.write(member);
    tar.end();
    return files;
  };
}

function signatureOf({ name, bytes }: TarFile): Signature {
  if (!isSignatureEntry(name)) throw malformed(`${JSON.stringify(name)} beside a signature, in its gzip member`);
  const parsed = parseSignatureName(name);
  if (parsed === undefined) throw malformed(`signature under a name no client can use: ${JSON.stringify(name)}`);
  return { ...parsed, bytes };
}

function contentOf(files: readonly TarFile[]): Pick<IndexFile, 'description' | 'text' | 'entries'> {
  const other = files.find(({ name }) => name !== 'DESCRIPTION' && name !== 'APKINDEX');
  if (other !== undefined) throw malformed(`${JSON.stringify(other.name)} in it`);
  const [index, second] = files.filter(({ name }) => name === 'APKINDEX');
  if (index === undefined) throw malformed('no APKINDEX in it');
  if (second !== undefined) throw malformed('two APKINDEX in it');
  const about = files.find(({ name }) => name === 'DESCRIPTION');
  const { text } = decodeText(index.bytes);
  return { description: about === undefined ? '' : decodeText(about.bytes).text, text, entries: parseIndexText(text) };
}

function faultOf(fault: MemberFault, cause?: unknown): GatewayError {
  return malformed(fault === 'magic' ? 'not gzip' : `gzip ${fault}`, cause);
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('INDEX_MALFORMED', `index: ${what}`, cause === undefined ? {} : { cause });
}
