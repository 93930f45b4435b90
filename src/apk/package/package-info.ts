import { formatDependency, parseDependency } from '../dependency.ts';
import { last, malformed, optional, readFields, tokens, type Fields, type Warn } from './package-info-fields.ts';
import { assertArchitecture, assertPackageName, assertVersionText } from '../package-name.ts';
import { exactNumber, maxLineBytes, maxTokenBytes, maxTokens } from '../record-limits.ts';
import { decodeText, encodedLength, hasHiddenCharacter } from '../text.ts';
import { isValidVersion } from '../version.ts';

/** What a .PKGINFO says, checked. Texts are as written, neither trimmed nor empty where optional. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** As in the file: `all` is kept. */
  readonly architecture: string;
  readonly description: string;
  readonly url: string;
  readonly license: string;
  readonly origin?: string | undefined;
  readonly maintainer?: string | undefined;
  readonly packager?: string | undefined;
  readonly commit?: string | undefined;
  /** Seconds since 1970. */
  readonly buildTime?: number | undefined;
  /** Bytes; the digits as text past 2^53. 0 where the file has none, which makes clients install nothing. */
  readonly installedSize: number | string;
  readonly providerPriority?: number | undefined;
  /** In the one spelling that every client reads. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly installIf: readonly string[];
  readonly replaces: readonly string[];
  /** 64 lower-case hex digits: SHA-256 of the compressed data section. */
  readonly datahash: string;
}

/** A .PKGINFO read, and what a publisher should know about it. */
export interface ParsedPackageInfo {
  readonly info: PackageInfo;
  readonly warnings: readonly string[];
}

// A file may have as many faults as it has lines.
const maxWarnings = 20;

const identifyingKeys = ['pkgname', 'pkgver', 'arch'];
const singleKeys = ['pkgdesc', 'url', 'origin', 'maintainer', 'commit', 'builddate', 'size', 'provider_priority'];
const listKeys = ['depend', 'provides', 'install_if', 'replaces'];
const knownKeys = new Set([...identifyingKeys, ...singleKeys, ...listKeys, 'license', 'packager', 'datahash']);

/** Parses a .PKGINFO (APKv2). Throws PACKAGE_MALFORMED for what would end in a record that misleads or harms clients. */
export function parsePackageInfo(bytes: Uint8Array): ParsedPackageInfo {
  const warnings = new Set<string>();
  const warn = (warning: string) => {
    if (warnings.size < maxWarnings) warnings.add(warning);
  };
  const { text, isUtf8 } = decodeText(bytes);
  if (!isUtf8) warn('.PKGINFO is not UTF-8');
  const fields = readFields(text, knownKeys, warn);
  assertIdentity(fields);
  assertPlainValues(fields);
  assertShortLists(fields);
  const datahash = readDatahash(fields);
  warnOfRepeats(fields, warn);
  const info = infoOf(fields, datahash, warn);
  // Copies: a text that was cut out of the file would keep all of the file in memory.
  return structuredClone({ info, warnings: [...warnings] });
}

function infoOf(fields: Fields, datahash: string, warn: Warn): PackageInfo {
  const version = last(fields, 'pkgver');
  const architecture = last(fields, 'arch');
  if (!isValidVersion(version)) warn(`version is not valid for apk, so comparing it may go wrong: ${version}`);
  if (architecture === 'all') warn('arch "all" is listed as noarch: apk 3 does not install "all"');
  return {
    name: last(fields, 'pkgname'),
    version,
    architecture,
    description: last(fields, 'pkgdesc'),
    url: last(fields, 'url'),
    license: last(fields, 'license'),
    origin: optional(fields, 'origin'),
    maintainer: optional(fields, 'maintainer'),
    packager: optional(fields, 'packager'),
    commit: optional(fields, 'commit'),
    buildTime: leadingNumber(fields, 'builddate', warn),
    installedSize: readSize(fields),
    providerPriority: leadingNumber(fields, 'provider_priority', warn),
    depends: tokens(fields, 'depend').map((token) => readDepend(token, warn)),
    provides: tokens(fields, 'provides').map((token) => readOffer(token, 'provides', warn)),
    installIf: tokens(fields, 'install_if').map((token) => readOffer(token, 'install_if', warn)),
    replaces: tokens(fields, 'replaces'),
    datahash,
  };
}

function assertIdentity(fields: Fields): void {
  const missing = identifyingKeys.filter((key) => !fields.has(key));
  if (missing.length > 0) throw malformed(missing.map((key) => `no ${key}`).join(', '));
  const repeated = identifyingKeys.find((key) => (fields.get(key) ?? []).length > 1);
  if (repeated !== undefined) throw malformed(`${repeated} twice`);
  assertPackageName(last(fields, 'pkgname'));
  assertVersionText(last(fields, 'pkgver'));
  assertArchitecture(last(fields, 'arch'));
}

/** A CR or LF that reached the index would add lines to it; an escape would run in a terminal. */
function assertPlainValues(fields: Fields): void {
  for (const [key, values] of fields)
    if (values.some(hasHiddenCharacter)) throw malformed(`control character in ${key}`);
}

/** A list becomes one line of the index or of a client's database, whatever the lines that it was written in. */
function assertShortLists(fields: Fields): void {
  let count = 0;
  for (const key of listKeys) {
    const list = tokens(fields, key);
    const long = list.find((token) => encodedLength(token) > maxTokenBytes);
    if (long !== undefined) throw malformed(`dependency over ${maxTokenBytes} bytes in ${key}: ${long.slice(0, 80)}…`);
    if (list.reduce((sum, token) => sum + encodedLength(token) + 1, 1) > maxLineBytes)
      throw malformed(`${key}: line too long, over ${maxLineBytes} bytes in all`);
    count += list.length;
  }
  if (count > maxTokens) throw malformed(`over ${maxTokens} dependencies in all`);
}

function readDatahash(fields: Fields): string {
  const values = fields.get('datahash') ?? [];
  if (values.length === 0) throw malformed('datahash missing: apk 3 refuses this package');
  if (values.length > 1) throw malformed('datahash twice');
  const datahash = last(fields, 'datahash').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(datahash)) throw malformed('datahash is not 64 hex digits');
  return datahash;
}

function warnOfRepeats(fields: Fields, warn: Warn): void {
  for (const key of singleKeys) if ((fields.get(key)?.length ?? 0) > 1) warn(`${key} twice: apk takes the last`);
}

function readSize(fields: Fields): number | string {
  if (!fields.has('size')) return 0;
  const text = last(fields, 'size');
  if (!/^[0-9]+$/.test(text)) throw malformed(`size is not a number: ${JSON.stringify(text.slice(0, 40))}`);
  if (text.length > 18) throw malformed(`size is not a number of at most 18 digits, too large: ${text.slice(0, 40)}`);
  return exactNumber(text);
}

/** What apk reads of a number: its leading digits, nothing where it is 0. */
function leadingNumber(fields: Fields, key: string, warn: Warn): number | undefined {
  const text = last(fields, key);
  if (!/^[0-9]{0,15}$/.test(text)) warn(`${key} is not a number: ${JSON.stringify(text.slice(0, 40))}`);
  const value = Number(/^[0-9]*/.exec(text)?.[0]);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function readDepend(token: string, warn: Warn): string {
  const dependency = parseDependency(token);
  if ('fault' in dependency) throw malformed(dependency.fault);
  warnOfHash(dependency.version, token, warn);
  return formatDependency(dependency);
}

/** Unlike a bad `depend`, a bad token here makes no client refuse the file, and real packages have such: it is kept. */
function readOffer(token: string, key: 'provides' | 'install_if', warn: Warn): string {
  const dependency = parseDependency(token);
  if ('fault' in dependency) {
    warn(`version in ${key} is not valid, apk 3 prints a warning for the whole repository: ${dependency.fault}`);
    return token;
  }
  if (key === 'provides' && !['=', undefined].includes(dependency.operator)) warn(`a range in provides: ${token}`);
  warnOfHash(dependency.version, token, warn);
  return formatDependency(dependency);
}

function warnOfHash(version: string | undefined, token: string, warn: Warn): void {
  if (version?.includes('~')) warn(`a commit hash in a dependency makes apk 2 drop it and those behind it: ${token}`);
}
