import { NOARCH } from '../architectures.ts';
import { GatewayError } from '../../errors.ts';
import { parseDependency, splitTokens } from '../dependency.ts';
import { digits, malformed, readLetters, safeNumber } from './index-record.ts';
import { isArchitecture, isPackageName, isVersionText } from '../package-name.ts';
import { maxHeadBytes, maxLineBytes, maxTokenBytes } from '../record-limits.ts';
import { encodedLength } from '../text.ts';
import { compareVersions, type Order } from '../version.ts';

/** One record of an APKINDEX. */
export interface IndexEntry {
  /** `Q1` and the base64 of the SHA-1 over the control section as it is in the file. */
  readonly identity: string;
  readonly name: string;
  readonly version: string;
  /** Never `all`, which is listed as `noarch`. */
  readonly architecture: string;
  /** Bytes of the whole file. */
  readonly fileSize: number;
  /** Bytes; the digits as text past 2^53. */
  readonly installedSize: number | string;
  readonly description: string;
  readonly url: string;
  readonly license: string;
  readonly origin?: string | undefined;
  readonly maintainer?: string | undefined;
  /** Seconds since 1970. */
  readonly buildTime?: number | undefined;
  readonly commit?: string | undefined;
  readonly providerPriority?: number | undefined;
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly installIf: readonly string[];
}

const identityPattern = /^Q1[A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=$/;

/** The record, its closing empty line included, letters in apk's own order of writing. */
export function formatIndexEntry(entry: IndexEntry): string {
  return `${formatHead(entry)}${formatLists(entry)}\n`;
}

/**
 * Parses one record, with its closing empty line or without. Throws INDEX_MALFORMED for whatever would make a client
 * reject the index or see another record than this one: a stored record is what somebody else wrote.
 */
export function parseIndexEntry(text: string): IndexEntry {
  const entry = entryOfLetters(readLetters(text));
  const fault = faultOf(entry);
  if (fault !== undefined) throw malformed(`${fault}, in the record of ${JSON.stringify(entry.name.slice(0, 80))}`);
  return entry;
}

/**
 * The record of a package that was read, by what it says of itself; its architecture may be `all`. Throws PACKAGE_MALFORMED
 * where it is larger than clients can store.
 */
export function indexEntryOf(
  info: Omit<IndexEntry, 'identity' | 'fileSize'>,
  file: Pick<IndexEntry, 'identity' | 'fileSize'>,
): IndexEntry {
  const { name, version, description, url, license, origin, maintainer, buildTime, commit } = info;
  const { installedSize, providerPriority, depends, provides, installIf } = info;
  const architecture = info.architecture === 'all' ? NOARCH : info.architecture;
  const head = { identity: file.identity, name, version, architecture, fileSize: file.fileSize, installedSize };
  const about = { description, url, license, origin, maintainer, buildTime, commit, providerPriority };
  const entry = { ...head, ...about, depends, provides, installIf };
  const fault = faultOf(entry);
  if (fault !== undefined) throw new GatewayError('PACKAGE_MALFORMED', `${name}-${version}: ${fault}`);
  return entry;
}

/** The order of records in an index: name bytewise, then version, then identity. */
export function compareIndexEntries(a: IndexEntry, b: IndexEntry): Order {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  const byVersion = compareVersions(a.version, b.version);
  if (byVersion !== 0 || a.identity === b.identity) return byVersion;
  return a.identity < b.identity ? -1 : 1;
}

/** The lines C to k, which clients store together. */
function formatHead(entry: IndexEntry): string {
  const { identity, name, version, architecture, fileSize, installedSize, description, url, license } = entry;
  return [
    `C:${identity}\nP:${name}\nV:${version}\nA:${architecture}\nS:${fileSize}\nI:${installedSize}\n`,
    `T:${description}\nU:${url}\nL:${license}\n`,
    line('o', entry.origin),
    line('m', entry.maintainer),
    line('t', entry.buildTime),
    line('c', entry.commit),
    line('k', entry.providerPriority),
  ].join('');
}

function formatLists(entry: IndexEntry): string {
  return [
    line('D', entry.depends.join(' ')),
    line('p', entry.provides.join(' ')),
    line('i', entry.installIf.join(' ')),
  ].join('');
}

/** A line only where there is something to say: apk leaves these out when empty or zero. */
function line(letter: string, value: string | number | undefined): string {
  return value === undefined || value === '' || value === 0 ? '' : `${letter}:${value}\n`;
}

/** What a record's lines say, unchecked but for its numbers. */
export function entryOfLetters(letters: ReadonlyMap<string, string>): IndexEntry {
  const text = (letter: string) => letters.get(letter) ?? '';
  const filled = (letter: string) => letters.get(letter) || undefined;
  return {
    identity: text('C'),
    name: text('P'),
    version: text('V'),
    architecture: text('A'),
    fileSize: safeNumber(letters, 'S') ?? 0,
    installedSize: digits(letters, 'I') ?? 0,
    description: text('T'),
    url: text('U'),
    license: text('L'),
    origin: filled('o'),
    maintainer: filled('m'),
    buildTime: safeNumber(letters, 't') || undefined,
    commit: filled('c'),
    providerPriority: safeNumber(letters, 'k') || undefined,
    depends: splitTokens(text('D')),
    provides: splitTokens(text('p')),
    installIf: splitTokens(text('i')),
  };
}

/** The first thing wrong with a record for its readers, or undefined. */
function faultOf(entry: IndexEntry): string | undefined {
  if (!identityPattern.test(entry.identity)) return 'identity (C:) is not Q1 and the base64 of a SHA-1';
  return clientFault(entry);
}

/** What of a record, but its identity, would mislead or harm a client that installs the package; undefined where nothing. */
export function clientFault(entry: IndexEntry): string | undefined {
  if (!isPackageName(entry.name)) return 'name (P:) missing or invalid';
  if (!isVersionText(entry.version)) return 'version (V:) missing or invalid';
  if (!isArchitecture(entry.architecture) || entry.architecture === 'all')
    return 'architecture (A:) missing or invalid';
  if (encodedLength(formatHead(entry)) > maxHeadBytes)
    return 'record over 2,048 bytes (lines C to k): clients that install it lose their database';
  return entry.depends.map(dependFault).find((fault) => fault !== undefined) ?? listFault(entry);
}

function dependFault(token: string): string | undefined {
  const dependency = parseDependency(token);
  return 'fault' in dependency ? dependency.fault : undefined;
}

function listFault(entry: IndexEntry): string | undefined {
  for (const list of [entry.depends, entry.provides, entry.installIf]) {
    const long = list.find((token) => encodedLength(token) > maxTokenBytes);
    if (long !== undefined) return `dependency over 255 bytes: ${long.slice(0, 80)}…`;
    if (list.reduce((sum, token) => sum + encodedLength(token) + 1, 1) > maxLineBytes) return 'line too long';
  }
  return undefined;
}
