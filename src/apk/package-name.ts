import { GatewayError } from '../errors.ts';
import { isValidVersion } from './version.ts';

const maxNameLength = 200;
const maxVersionLength = 128;
const maxArchitectureLength = 64;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;
const versionTextPattern = /^[0-9A-Za-z][0-9A-Za-z._+~-]*$/;
const architecturePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const controlCharacter = /[\0-\x1f\x7f]/;

export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}

/** Whether `text` may name a package: apk-tools 3's own check, and short enough that `name-version.apk` is a file name. */
export function isPackageName(text: string): boolean {
  return text.length <= maxNameLength && namePattern.test(text);
}

/**
 * Whether `text` may stand as a package's version. Wider than the version grammar (`isValidVersion`), since clients
 * install `1.0+git1-r0` too, but nothing that could leave a file name or a record.
 */
export function isVersionText(text: string): boolean {
  return text.length <= maxVersionLength && versionTextPattern.test(text);
}

/** Whether `text` may name an architecture, `noarch` included. */
export function isArchitecture(text: string): boolean {
  return text.length <= maxArchitectureLength && architecturePattern.test(text);
}

/** Throws PACKAGE_MALFORMED unless `isPackageName`. */
export function assertPackageName(text: string): void {
  if (!isPackageName(text)) throw malformed('name', text, maxNameLength);
}

/** Throws PACKAGE_MALFORMED unless `isVersionText`. */
export function assertVersionText(text: string): void {
  if (!isVersionText(text)) throw malformed('version', text, maxVersionLength);
}

/** Throws PACKAGE_MALFORMED unless `isArchitecture`. */
export function assertArchitecture(text: string): void {
  if (!isArchitecture(text)) throw malformed('arch', text, maxArchitectureLength);
}

/** The file name under which clients ask for a package. */
export function packageFileName(name: string, version: string): string {
  return `${name}-${version}.apk`;
}

/**
 * The ways in which a file name may be made of a name and a version, the likeliest first: a name may end like a version
 * (`gtk-4.0-3-1.0-r0.apk`) and a version need not be a valid one. Empty where `file` is no package's file name.
 */
export function parsePackageFileName(file: string): NameAndVersion[] {
  if (!file.endsWith('.apk') || file.length > packageFileName('', '').length + maxNameLength + maxVersionLength)
    return [];
  return splitsAtDashes(file.slice(0, -'.apk'.length))
    .filter(({ name, version }) => isPackageName(name) && isVersionText(version))
    .sort((a, b) => likelihood(b.version) - likelihood(a.version));
}

/** Every split at a dash, the last dash first. */
function splitsAtDashes(stem: string): NameAndVersion[] {
  const splits: NameAndVersion[] = [];
  for (let dash = stem.lastIndexOf('-'); dash > 0; dash = stem.lastIndexOf('-', dash - 1))
    splits.push({ name: stem.slice(0, dash), version: stem.slice(dash + 1) });
  return splits;
}

function likelihood(version: string): number {
  if (isValidVersion(version)) return 2;
  return /^[0-9]/.test(version) ? 1 : 0;
}

function malformed(part: string, text: string, maxLength: number): GatewayError {
  const shown = JSON.stringify(text.slice(0, 80));
  if (text.length > maxLength)
    return new GatewayError(
      'PACKAGE_MALFORMED',
      `${part} too long: ${text.length} characters, at most ${maxLength}: ${shown}`,
    );
  const reason = controlCharacter.test(text) ? 'a control character in it' : 'empty, or a character apk does not allow';
  return new GatewayError('PACKAGE_MALFORMED', `${part} invalid: ${shown} (${reason})`);
}
