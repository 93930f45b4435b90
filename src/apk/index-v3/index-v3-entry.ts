import { GatewayError } from '../../errors.ts';
import { compareDependencies, parseDependencyToken } from '../adb/adb-dependency.ts';
import type { AdbDependency, AdbPackageInfo } from '../adb/schemas.ts';
import { clientFault, type IndexEntry } from '../index/index-entry.ts';
import { maxLineBytes, maxTokenBytes, maxTokens } from '../record-limits.ts';
import { decodeText, encodedLength, encodeText } from '../text.ts';

/**
 * One record of a Packages.adb, of a package of either format: what APKINDEX says of one, and of v3 packages what there is no
 * room for there. `identity` is `Q1` and the base64 of a SHA-1 for v2, `Q2` and that of a SHA-256 for v3.
 */
export interface IndexV3Entry extends IndexEntry {
  readonly replaces?: readonly string[] | undefined;
  readonly recommends?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly layer?: number | undefined;
}

/** Takes tokens apart, each once; for one index. */
export type ParseToken = (token: string) => AdbDependency;

const identityPattern = /^(?:Q1[A-Za-z0-9+/]{27}=|Q2[A-Za-z0-9+/]{43}=)$/;
const commitDigits = 40;
// Clients cut a longer one when they read it.
const maxDescriptionBytes = 512;

/** A parser that remembers what it has parsed. */
export function createParseToken(): ParseToken {
  const known = new Map<string, AdbDependency>();
  return (token) => {
    let dependency = known.get(token);
    if (dependency === undefined) known.set(token, (dependency = parseDependencyToken(token)));
    return dependency;
  };
}

/** Throws PACKAGE_MALFORMED for a record that would mislead or harm clients; of v3 packages. */
export function assertIndexV3Entry(entry: IndexV3Entry): void {
  // Of the description, clients write no more than this into their database.
  const description = decodeText(encodeText(entry.description).subarray(0, maxDescriptionBytes)).text;
  const fault = identityPattern.test(entry.identity)
    ? (clientFault({ ...entry, description }) ?? listFault(entry))
    : 'identity is no SHA-1 or SHA-256';
  if (fault !== undefined) throw new GatewayError('PACKAGE_MALFORMED', `${entry.name}-${entry.version}: ${fault}`);
}

/** The record as it is in a Packages.adb (docs/adb.md, 4), as `apk mkndx` makes it of the package. */
export function adbRecordOf(entry: IndexV3Entry, parseToken: ParseToken): AdbPackageInfo {
  const list = (tokens: readonly string[] | undefined) => dependenciesOf(tokens ?? [], parseToken);
  return {
    name: entry.name,
    version: entry.version,
    hashes: Buffer.from(entry.identity.slice(2), 'base64'),
    description: entry.description,
    arch: entry.architecture,
    license: entry.license,
    origin: entry.origin,
    maintainer: entry.maintainer,
    url: entry.url,
    repoCommit: commitOf(entry),
    buildTime: entry.buildTime,
    installedSize: numberOf(entry.installedSize),
    fileSize: entry.fileSize,
    providerPriority: entry.providerPriority,
    depends: list(entry.depends),
    provides: list(entry.provides),
    replaces: list(entry.replaces),
    installIf: list(entry.installIf),
    recommends: list(entry.recommends),
    layer: entry.layer,
    tags: entry.tags,
  };
}

/** Sorted, and each once: what `apk mkndx` does, and what its readers count on when they compare. */
function dependenciesOf(tokens: readonly string[], parseToken: ParseToken): readonly AdbDependency[] {
  const parsed = tokens.map(parseToken).filter(({ name }) => name !== '');
  return parsed.sort(compareDependencies).filter((one, i) => i === 0 || !isSame(one, parsed[i - 1]));
}

function isSame(a: AdbDependency, b: AdbDependency | undefined): boolean {
  return a === b || (a.name === b?.name && a.version === b?.version && a.match === b?.match);
}

/** Of a v2 package's commit apk takes the first 40 digits, and none where it has fewer. */
function commitOf({ commit = '', identity }: IndexV3Entry): Uint8Array | undefined {
  const digits = identity.startsWith('Q2') ? commit : commit.slice(0, commitDigits);
  const isHex = /^(?:[0-9A-Fa-f]{2})+$/.test(digits) && (identity.startsWith('Q2') || digits.length === commitDigits);
  return isHex ? Buffer.from(digits, 'hex') : undefined;
}

function numberOf(value: number | string): number | bigint {
  return typeof value === 'number' ? value : BigInt(value);
}

/** What is too long of the lists that records of the old format don't have; of all together, how many there are. */
function listFault(entry: IndexV3Entry): string | undefined {
  const { depends, provides, installIf, replaces = [], recommends = [], tags = [] } = entry;
  const long = [...replaces, ...recommends, ...tags].find((token) => encodedLength(token) > maxTokenBytes);
  if (long !== undefined) return `dependency or tag over ${maxTokenBytes} bytes: ${long.slice(0, 80)}…`;
  const lists = [depends, provides, installIf, replaces, recommends, tags];
  if (lists.some((list) => encodedLength(list.join(' ')) + 2 > maxLineBytes)) return 'list too long';
  const isOver = lists.reduce((sum, list) => sum + list.length, 0) > maxTokens;
  return isOver ? `over ${maxTokens} dependencies and tags in all` : undefined;
}
