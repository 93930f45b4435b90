import { createHash } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import type { PackageLimits } from './package-limits.ts';
import { isSignatureEntry, parseSignatureName, type Signature } from '../signature.ts';
import { createTarReader, type TarEntry } from '../tar/tar.ts';

/** What a member before the data section turned out to be; `unknown` until its first entry. */
export type HeadKind = 'unknown' | 'signature' | 'control';

/** Digests of the control section's compressed bytes: SHA-1 makes the identity, any may be what was signed. */
export interface ControlDigests {
  readonly sha1: Buffer;
  readonly sha256: Buffer;
  readonly sha512: Buffer;
}

/** What was found in one member so far. */
export interface HeadMember {
  readonly kind: HeadKind;
  readonly inflatedBytes: number;
  readonly signatures: readonly Signature[];
  readonly packageInfo: Uint8Array | undefined;
  readonly warnings: ReadonlySet<string>;
}

/** Reads the members before the data section within limits, one after the other; throws PACKAGE_MALFORMED. */
export interface PackageHead {
  /** The member under way, or the last one. */
  readonly member: HeadMember;
  begin(): void;
  raw(bytes: Uint8Array): void;
  content(bytes: Uint8Array): void;
  /** The member's end: throws where its tar is not whole. */
  end(): void;
  /** Of the last member; to be asked once. */
  digests(): ControlDigests;
}

interface MemberUnderWay extends HeadMember {
  kind: HeadKind;
  inflatedBytes: number;
  entries: number;
  signatures: Signature[];
  packageInfo: Buffer | undefined;
  warnings: Set<string>;
}

/** To clients the members joined are one tar: what one of them ends with counts for the next. */
export function createPackageHead(limits: PackageLimits): PackageHead {
  let member = newMember();
  let hashes = newHashes();
  let signatureBytes = 0;
  let content: { offset: number; bytes: Buffer } | undefined;

  const tar = createTarReader({
    entry(entry) {
      const bytes = takeEntry(entry, member, limits);
      content = bytes === undefined ? undefined : { offset: 0, bytes };
    },
    content(bytes) {
      if (content === undefined) return;
      content.bytes.set(bytes, content.offset);
      content.offset += bytes.length;
    },
    endMark() {
      throw malformed(`end-of-archive mark in the ${sectionName(member.kind)}: clients stop there`);
    },
    faultOf: (what) => malformed(`${sectionName(member.kind)}: ${what}`),
  });

  const bytesLeft = (): number => {
    const limit = member.kind === 'signature' ? limits.maxSignatureBytes - signatureBytes : limits.maxControlBytes;
    return limit - member.inflatedBytes;
  };

  return {
    get member() {
      return member;
    },
    begin() {
      if (member.kind === 'signature') signatureBytes += member.inflatedBytes;
      member = newMember();
      hashes = newHashes();
    },
    raw(bytes) {
      for (const hash of Object.values(hashes)) hash.update(bytes);
    },
    content(bytes) {
      // What is within the limit may hold a fault that says more than "too large".
      tar.write(bytes.subarray(0, Math.max(0, bytesLeft())));
      if (bytes.length > bytesLeft()) throw malformed(`${sectionName(member.kind)} too large`);
      member.inflatedBytes += bytes.length;
    },
    end() {
      tar.end();
    },
    digests: () => ({
      sha1: hashes.sha1.digest(),
      sha256: hashes.sha256.digest(),
      sha512: hashes.sha512.digest(),
    }),
  };
}

/** How messages call a member. */
export function sectionName(kind: HeadKind): string {
  return kind === 'signature' ? 'signature section' : 'control section';
}

function newMember(): MemberUnderWay {
  return { kind: 'unknown', inflatedBytes: 0, entries: 0, signatures: [], packageInfo: undefined, warnings: new Set() };
}

function newHashes() {
  return { sha1: createHash('sha1'), sha256: createHash('sha256'), sha512: createHash('sha512') };
}

/** Judges an entry by its name; the buffer is for its content, where that matters. */
function takeEntry(entry: TarEntry, member: MemberUnderWay, limits: PackageLimits): Buffer | undefined {
  member.entries += 1;
  if (member.entries > limits.maxControlEntries) throw malformed(`too many entries in the ${sectionName(member.kind)}`);
  if (!entry.isChecksumRight) member.warnings.add('tar checksum wrong: strict tools cannot read this package');
  const isSignature = isSignatureEntry(entry.name);
  if (member.kind === 'unknown') member.kind = isSignature ? 'signature' : 'control';
  if (isSignature !== (member.kind === 'signature'))
    throw malformed('signature inside the control section: they must be two gzip members');
  const bytes = isSignature ? takeSignature(entry, member, limits) : takeControl(entry, member, limits);
  // Clients carry the name of an entry whose type they don't know over to the next one.
  if (!/[0-7]/.test(entry.type)) throw malformed(`entry of unknown type in the ${sectionName(member.kind)}`);
  return bytes;
}

function takeSignature(entry: TarEntry, member: MemberUnderWay, limits: PackageLimits): Buffer | undefined {
  if (entry.size > limits.maxSignatureBytes) throw malformed('signature section too large');
  const name = parseSignatureName(entry.name);
  if (name === undefined) return undefined;
  const bytes = Buffer.alloc(entry.size);
  member.signatures.push({ ...name, bytes });
  return bytes;
}

function takeControl(entry: TarEntry, member: MemberUnderWay, limits: PackageLimits): Buffer | undefined {
  const { name, type, size } = entry;
  if (!name.startsWith('.') || name.includes('/')) throw misplaced(name, member);
  if (name === '.INSTALL') throw malformed('.INSTALL is obsolete; apk 3 refuses this package');
  if (name !== '.PKGINFO') return undefined;
  if (type !== '0' && type !== '7') throw malformed('.PKGINFO is not a regular file, so clients do not see it');
  if (member.packageInfo !== undefined) throw malformed('two .PKGINFO');
  if (size > limits.maxPackageInfoBytes) throw malformed(`.PKGINFO too large: ${size} bytes`);
  member.packageInfo = Buffer.alloc(size);
  return member.packageInfo;
}

/** To clients such a name begins the data section, wherever it stands. */
function misplaced(name: string, member: HeadMember): GatewayError {
  const shown = JSON.stringify(name.slice(0, 80));
  if (member.packageInfo !== undefined)
    return malformed(
      `file without a leading dot in the control section (control and data in one gzip member?): ${shown}`,
    );
  if (name === 'APKINDEX' || name === 'DESCRIPTION') return malformed('this is an index, not a package');
  return malformed(`no .PKGINFO: ${shown} (no leading dot, or a /) starts the data section`);
}

function malformed(what: string): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', what);
}
