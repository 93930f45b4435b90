import { GatewayError } from '../../errors.ts';
import { dependencyToken } from '../adb/adb-dependency.ts';
import type { AdbDependency, AdbPackageInfo } from '../adb/schemas.ts';
import { parseDependency } from '../dependency.ts';
import type { PackageInfo } from '../package/package-info.ts';
import { assertArchitecture, assertPackageName, assertVersionText } from '../package-name.ts';
import { hasHiddenCharacter } from '../text.ts';
import { isValidVersion } from '../version.ts';

/** What a v3 package says of itself, checked; what it shares with v2 is in the same form. */
export interface PackageV3Info extends Omit<PackageInfo, 'datahash' | 'packager'> {
  readonly recommends: readonly string[];
  readonly tags: readonly string[];
  /** Where it is to be installed; undefined for the root file system. */
  readonly layer?: number | undefined;
}

/** An info checked, and what a publisher should know about it. */
export interface ParsedPackageV3Info {
  readonly info: PackageV3Info;
  readonly warnings: readonly string[];
}

type Warn = (warning: string) => void;

// A package may have as many faults as it has dependencies.
const maxWarnings = 20;
// Clients keep no longer one.
const maxCommitBytes = 40;
const strayByte = /[\udc80-\udcff]/u;
const lists = ['depends', 'provides', 'replaces', 'installIf', 'recommends'] as const;

/** Checks an info (docs/adb.md, 4). Throws PACKAGE_MALFORMED for what would end in a record that misleads or harms clients. */
export function parsePackageV3Info(info: AdbPackageInfo): ParsedPackageV3Info {
  const warnings = new Set<string>();
  const warn = (warning: string) => {
    if (warnings.size < maxWarnings) warnings.add(warning);
  };
  assertIdentity(info);
  assertPlainTexts(info, warn);
  return { info: infoOf(info, warn), warnings: [...warnings] };
}

function infoOf(info: AdbPackageInfo, warn: Warn): PackageV3Info {
  const { name = '', version = '', arch = '', description = '', url = '', license = '', origin, maintainer } = info;
  if (!isValidVersion(version)) warn(`version is not valid for apk, so comparing it may go wrong: ${version}`);
  if (arch === 'all') warn('arch "all" is listed as noarch: apk 3 does not install "all"');
  const [depends, provides, replaces, installIf, recommends] = lists.map((list) => tokensOf(info[list], list, warn));
  return {
    ...{ name, version, architecture: arch, description, url, license },
    origin: origin === '' ? undefined : origin,
    maintainer: maintainer === '' ? undefined : maintainer,
    commit: commitOf(info.repoCommit, warn),
    buildTime: positive(info.buildTime, 'build-time', warn),
    installedSize: sizeOf(info.installedSize),
    providerPriority: positive(info.providerPriority, 'provider-priority', warn),
    depends: depends ?? [],
    provides: provides ?? [],
    installIf: installIf ?? [],
    replaces: replaces ?? [],
    recommends: recommends ?? [],
    tags: info.tags ?? [],
    layer: positive(info.layer, 'layer', warn),
  };
}

function assertIdentity({ name, version, arch }: AdbPackageInfo): void {
  const missing = Object.entries({ name, version, arch }).filter(([, value]) => value === undefined);
  if (missing.length > 0) throw malformed(missing.map(([key]) => `no ${key}`).join(', '));
  assertPackageName(name ?? '');
  assertVersionText(version ?? '');
  assertArchitecture(arch ?? '');
}

/** A line end that reached a client's database would add lines to it; an escape would run in a terminal. */
function assertPlainTexts(info: AdbPackageInfo, warn: Warn): void {
  const { description = '', license = '', origin = '', maintainer = '', url = '', tags = [] } = info;
  const dependencies = lists
    .flatMap((list) => info[list] ?? [])
    .map(({ name, version }) => `${name ?? ''}${version ?? ''}`);
  for (const text of [description, license, origin, maintainer, url, ...tags, ...dependencies]) {
    if (hasHiddenCharacter(text)) throw malformed(`control character in ${JSON.stringify(text.slice(0, 40))}`);
    if (strayByte.test(text)) warn('a text that is not UTF-8');
  }
  if (tags.some((tag) => tag.includes(' '))) throw malformed('a space in a tag');
}

/** Those of `depends` must be sound, as clients can't install the package else; others are kept with a warning. */
function tokensOf(
  dependencies: readonly AdbDependency[] | undefined,
  list: (typeof lists)[number],
  warn: Warn,
): string[] {
  return (dependencies ?? []).map((dependency) => {
    const token = dependencyToken(dependency);
    if (token === undefined) throw malformed(`${list}: a dependency that can't be written: ${shown(dependency)}`);
    const parsed = parseDependency(token);
    if (!('fault' in parsed)) return token;
    if (list === 'depends') throw malformed(parsed.fault);
    warn(`version in ${list} is not valid, apk 3 prints a warning for the whole repository: ${parsed.fault}`);
    return token;
  });
}

function sizeOf(value: number | bigint | undefined): number | string {
  if (value === undefined || typeof value === 'number') return value ?? 0;
  if (value >= 10n ** 18n) throw malformed(`installed-size too large: ${value}`);
  return value.toString();
}

function positive(value: number | bigint | undefined, field: string, warn: Warn): number | undefined {
  if (typeof value === 'bigint') warn(`${field} too large: ${value}`);
  return typeof value === 'number' && value > 0 ? value : undefined;
}

function commitOf(bytes: Uint8Array | undefined, warn: Warn): string | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  if (bytes.length <= maxCommitBytes) return Buffer.from(bytes).toString('hex');
  warn('repo-commit too long');
  return undefined;
}

function shown({ name, version, match }: AdbDependency): string {
  return JSON.stringify({ name: name?.slice(0, 40), version: version?.slice(0, 40), match: match?.toString() });
}

function malformed(what: string): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', `package: ${what}`);
}
