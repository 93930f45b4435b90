import { NOARCH } from '../architectures.ts';
import type { AdbContainer } from '../adb/container-reader.ts';
import type { AdbSignature, SignedPayload } from '../adb/signature.ts';
import { assertIndexV3Entry, type IndexV3Entry } from '../index-v3/index-v3-entry.ts';
import { packageFileName } from '../package-name.ts';
import type { PackageV3Info, ParsedPackageV3Info } from './package-v3-info.ts';

/** All that is to be known of a v3 package that was read to its end and found good: what `PackageSummary` has for v2. */
export interface PackageV3Summary {
  readonly format: 'v3';
  readonly info: PackageV3Info;
  /** `Q2` and the base64 of the payload's SHA-256. */
  readonly identity: string;
  readonly entry: IndexV3Entry;
  readonly signatures: readonly AdbSignature[];
  /** What `isSignedBy` needs to judge them. */
  readonly signed: SignedPayload;
  readonly warnings: readonly string[];
  /** Of the whole file, lower-case hex. */
  readonly sha256: string;
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** The name under which clients ask for it, whatever the file was called. */
  readonly fileName: string;
  /** As in the package: `all` is kept. */
  readonly architecture: string;
}

/** What was read, put together. Throws PACKAGE_MALFORMED where the record is larger than clients can store. */
export function packageV3SummaryOf(
  { info, warnings }: ParsedPackageV3Info,
  hasData: boolean,
  { identity: digest, signatures, schema, digests }: AdbContainer,
  file: Pick<PackageV3Summary, 'sha256' | 'size'>,
): PackageV3Summary {
  const identity = `Q2${Buffer.from(digest).toString('base64')}`;
  const isEmptied = info.installedSize === 0 && hasData;
  return {
    format: 'v3',
    info,
    identity,
    entry: indexV3EntryOf(info, { identity, fileSize: file.size }),
    signatures,
    signed: { schema, digests },
    warnings: isEmptied
      ? [...warnings, 'installed-size is 0 but there are files: clients mark it installed and never fetch it']
      : warnings,
    ...file,
    fileName: packageFileName(info.name, info.version),
    architecture: info.architecture,
  };
}

/** The record of a v3 package. Throws PACKAGE_MALFORMED where it is larger than clients can store. */
export function indexV3EntryOf(info: PackageV3Info, file: { identity: string; fileSize: number }): IndexV3Entry {
  const architecture = info.architecture === 'all' ? NOARCH : info.architecture;
  const entry = { ...info, ...file, architecture };
  assertIndexV3Entry(entry);
  return entry;
}
