import { GatewayError } from '../../errors.ts';
import type { MemberFault } from '../gzip/gzip-header.ts';
import type { MemberHandler } from '../gzip/gzip-members.ts';
import { indexEntryOf } from '../index/index-entry.ts';
import { createDataMember, type DataMember } from './package-data.ts';
import {
  createPackageHead,
  sectionName,
  type ControlDigests,
  type HeadMember,
  type PackageHead,
} from './package-head.ts';
import { parsePackageInfo, type PackageInfo } from './package-info.ts';
import type { PackageLimits } from './package-limits.ts';
import type { Signature } from '../signature.ts';

/** What the sections of a whole package held. */
export interface PackageParts {
  readonly info: PackageInfo;
  /** `Q1…` */
  readonly identity: string;
  readonly controlDigests: ControlDigests;
  readonly signatures: readonly Signature[];
  readonly warnings: readonly string[];
}

/** Tells signature, control and data members apart as they come, and judges their order (APKv2). */
export interface PackageSections extends MemberHandler {
  /** Behind the last member: throws unless all sections were there and the data is what `datahash` says. */
  finish(): PackageParts;
}

type Control = Pick<PackageParts, 'info' | 'identity' | 'controlDigests'>;

/** All faults are GatewayErrors PACKAGE_MALFORMED whose message names the section. */
export function createPackageSections(limits: PackageLimits): PackageSections {
  const warnings: string[] = [];
  const signatures: Signature[] = [];
  const head = createPackageHead(limits);
  let headMembers = 0;
  let signatureMembers = 0;
  let isInside = false;
  let control: Control | undefined;
  let data: DataMember | undefined;
  let dataBytes = 0;

  const beginHead = (): void => {
    if (headMembers > 0 && head.member.inflatedBytes === 0)
      throw malformed('empty gzip member before the control section');
    headMembers += 1;
    head.begin();
  };

  const endHead = (): void => {
    // An empty member is judged by what follows it.
    if (head.member.inflatedBytes === 0) return;
    head.end();
    warnings.push(...head.member.warnings);
    if (head.member.kind === 'signature') endSignature(head.member);
    else control = readControl(head, warnings);
  };

  const endSignature = (member: HeadMember): void => {
    signatures.push(...member.signatures);
    signatureMembers += 1;
    if (signatureMembers > limits.maxSignatureMembers) throw malformed('too many signature members');
    if (signatureMembers === 2) warnings.push('several signature members: apko takes one at most');
  };

  return {
    begin() {
      if (data !== undefined) throw severalMembers(data);
      if (control === undefined) beginHead();
      else data = createDataMember();
      isInside = true;
    },
    raw(bytes) {
      (data ?? head).raw(bytes);
    },
    content(bytes) {
      (data ?? head).content(bytes);
      if (data === undefined) return;
      dataBytes += bytes.length;
      if (dataBytes > limits.maxDataBytes)
        throw malformed(`data section inflates to over ${limits.maxDataBytes} bytes`);
    },
    end() {
      isInside = false;
      if (data === undefined) endHead();
    },
    faultOf(fault, cause) {
      const part = data === undefined ? `the ${sectionName(head.member.kind)}` : 'the data section';
      return malformed(isInside ? faultInside(part, fault) : faultBehind(part, fault), cause);
    },
    finish() {
      if (control === undefined)
        throw malformed(head.member.kind === 'signature' ? 'no control section' : 'no .PKGINFO');
      if (data === undefined) throw malformed('no data section');
      if (data.sha256() !== control.info.datahash) throw malformed('datahash does not match the data section');
      if (control.info.installedSize === 0 && data.hasFile())
        warnings.push('size is 0 but data has files: clients mark it installed and never fetch it');
      return { ...control, signatures, warnings };
    },
  };
}

function readControl(head: PackageHead, warnings: string[]): Control {
  const { packageInfo } = head.member;
  if (packageInfo === undefined) throw malformed('no .PKGINFO in the control section');
  const parsed = parsePackageInfo(packageInfo);
  warnings.push(...parsed.warnings);
  const controlDigests = head.digests();
  const identity = `Q1${controlDigests.sha1.toString('base64')}`;
  // Refuses a record that is too long before the data section is taken in.
  indexEntryOf(parsed.info, { identity, fileSize: 0 });
  return { info: parsed.info, identity, controlDigests };
}

function faultInside(part: string, fault: MemberFault): string {
  switch (fault) {
    case 'magic':
    case 'header':
      return `gzip header of ${part} is not one that apk reads`;
    case 'body':
      return `gzip data of ${part} damaged`;
    case 'checksum':
      return `gzip checksum (CRC-32) of ${part} wrong`;
    case 'length':
      return `gzip length (ISIZE) of ${part} wrong`;
    case 'truncated':
      return `truncated: the file ends inside ${part}`;
  }
}

function faultBehind(part: string, fault: MemberFault): string {
  if (part === 'the data section') return 'bytes behind the data member: no client installs this';
  return fault === 'truncated' ? `truncated: the file ends behind ${part}` : `not gzip: the bytes behind ${part}`;
}

function severalMembers(data: DataMember): GatewayError {
  const isControl = /^\.[^/]+$/.test(data.firstName() ?? '');
  return malformed(`${isControl ? 'control section' : 'data'} in several gzip members; apk 3 refuses this`);
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError('PACKAGE_MALFORMED', what, cause === undefined ? {} : { cause });
}
