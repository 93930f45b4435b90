/** What a package may make its reader hold or do. */
export interface PackageLimits {
  /** Bytes of the whole file, of which nothing is kept; default any number. Past it SIZE_EXCEEDED. */
  readonly maxFileBytes: number;
  /** Inflated bytes of the control section; default 8 MiB. */
  readonly maxControlBytes: number;
  /** Inflated bytes of all signature members; default 64 KiB. */
  readonly maxSignatureBytes: number;
  /** Default 7. */
  readonly maxSignatureMembers: number;
  /** Inflated bytes of the data section; default 256 GiB. Nothing is kept of them, but reading takes time. */
  readonly maxDataBytes: number;
  /** Bytes of .PKGINFO; default 1 MiB. */
  readonly maxPackageInfoBytes: number;
  /** Entries in the control section; default 64. */
  readonly maxControlEntries: number;
}

export const defaultPackageLimits: PackageLimits = Object.freeze({
  maxFileBytes: Infinity,
  maxControlBytes: 8 * 2 ** 20,
  maxSignatureBytes: 64 * 2 ** 10,
  maxSignatureMembers: 7,
  maxDataBytes: 256 * 2 ** 30,
  maxPackageInfoBytes: 2 ** 20,
  maxControlEntries: 64,
});
