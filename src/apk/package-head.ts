import { createHash } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import type { PackageLimits } from './package-limits.ts';
import { isSignatureEntry, parseSignatureName, type Signature } from './signature.ts';
import { createTarReader, type TarEntry } from './tar.ts';

/** What a member before the data section turned out to be; `unknown` until its first entry. */
export type HeadKind = 'unknown' | 'signature' | 'control';

/** Digests of the control section's compressed bytes: SHA-1 makes the identity, any may be what was signed. */
export interface ControlDigests {
  readonly sha1: Buffer;
  readonly sha256: Buffer;
  readonly sha512: Buffer;
}

/** What was found in a head member. */
export interface HeadEntries {
  kind: HeadKind;
  readonly signatures: Signature[];
  readonly warnings: Set<string>;
  packageInfo: Buffer | undefined;
}

/** Reads one member before the data section within limits; throws PACKAGE_MALFORMED. */
export interface HeadMember {
  readonly found: Readonly<HeadEntries>;
  readonly inflatedBytes: () => number;
  raw(bytes: Uint8Array): void;
  content(bytes: Uint8Array): void;
  /** Throws where the member's tar is not whole. */
  end(): void;
  /** To be asked once, behind the end. */
  digests(): ControlDigests;
}

/** `signatureBytes` is what earlier signature members inflated to: the limit is for all of them together. */
export function createHeadMember(limits: PackageLimits, signatureBytes: number): HeadMember {
  const [sha1, sha256, sha512] = [createHash('sha1'), createHash('sha256'), createHash('sha512')];
  const found: HeadEntries = { kind: 'unknown', signatures: [], warnings: new Set(), packageInfo: undefined };
  const tar = createHeadTar(found, limits);
  let inflated = 0;

  const bytesLeft = (): number =>
    (found.kind === 'signature' ? limits.maxSignatureBytes - signatureBytes : limits.maxControlBytes) - inflated;

  return {
    found,
    inflatedBytes: () => inflated,
    raw(bytes) {
      for (const hash of [sha1, sha256, sha512]) hash.update(bytes);
    },
    content(bytes) {
      // What is within the limit may hold a fault that says more than "too large".
      tar.write(bytes.subarray(0, Math.max(0, bytesLeft())));
      if (bytes.length > bytesLeft()) throw malformed(`${sectionName(found.kind)} too large`);
      inflated += bytes.length;
    },
    end() {
      tar.end();
    },
    digests: () => ({ sha1: sha1.digest(), sha256: sha256.digest(), sha512: sha512.digest() }),
  };
}

/** How messages call a member. */
export function sectionName(kind: HeadKind): string {
  return kind === 'signature' ? 'signature section' : 'control section';
}

function createHeadTar(found: HeadEntries, limits: PackageLimits): ReturnType<typeof createTarReader> {
  let entries = 0;
  let content: { offset: number; bytes: Buffer } | undefined;
  return createTarReader({
    entry(entry) {
      entries += 1;
      if (entries > limits.maxControlEntries) throw malformed(`too many entries in the ${sectionName(found.kind)}`);
      if (!entry.isChecksumRight) found.warnings.add('tar checksum wrong: strict tools cannot read this package');
      const isSignature = isSignatureEntry(entry.name);
      if (found.kind === 'unknown') found.kind = isSignature ? 'signature' : 'control';
      if (isSignature !== (found.kind === 'signature'))
        throw malformed('signature inside the control section: they must be two gzip members');
      const bytes = isSignature ? takeSignature(entry, found, limits) : takeControl(entry, found, limits);
      content = bytes === undefined ? undefined : { offset: 0, bytes };
    },
    content(bytes) {
      if (content === undefined) return;
      content.bytes.set(bytes, content.offset);
      content.offset += bytes.length;
    },
    endMark() {
      throw malformed(`end-of-archive mark in the ${sectionName(found.kind)}: clients stop there`);
    },
    faultOf: (what) => malformed(`${sectionName(found.kind)}: ${what}`),
  });
}

/** The buffer for a signature's bytes. */
function takeSignature(entry: TarEntry, found: HeadEntries, limits: PackageLimits): Buffer | undefined {
  if (entry.size > limits.maxSignatureBytes) throw malformed('signature section too large');
  const name = parseSignatureName(entry.name);
  if (name === undefined) return undefined;
  const bytes = Buffer.alloc(entry.size);
  found.signatures.push({ ...name, bytes });
  return bytes;
}

/** The buffer for .PKGINFO; of all other entries only the name matters. */
function takeControl(entry: TarEntry, found: HeadEntries, limits: PackageLimits): Buffer | undefined {
  const { name } = entry;
  if (!name.startsWith('.') || name.includes('/')) throw misplaced(name, found);
  if (name === '.INSTALL') throw malformed('.INSTALL is obsolete; apk 3 refuses this package');
  if (name !== '.PKGINFO') return undefined;
  if (entry.type !== '0' && entry.type !== '7')
    throw malformed('.PKGINFO is not a regular file, so clients do not see it');
  if (found.packageInfo !== undefined) throw malformed('two .PKGINFO');
  if (entry.size > limits.maxPackageInfoBytes) throw malformed(`.PKGINFO too large: ${entry.size} bytes`);
  found.packageInfo = Buffer.alloc(entry.size);
  return found.packageInfo;
}

/** To clients such a name begins the data section, wherever it stands. */
function misplaced(name: string, found: HeadEntries): GatewayError {
  const shown = JSON.stringify(name.slice(0, 80));
  if (found.packageInfo !== undefined)
    return malformed(
      `file without a leading dot in the control section (or control and data in one gzip member): ${shown}`,
    );
  if (name === 'APKINDEX' || name === 'DESCRIPTION') return malformed('this is an index, not a package');
  return malformed(`no .PKGINFO: ${shown} (no leading dot, or a /) starts the data section`);
}

function malformed(what: string): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', what);
}
