/** What a container may make its reader hold or do (docs/adb.md, 8). */
export interface AdbLimits {
  /** Bytes of the payload, which is held in memory; default 32 MiB, some 300,000 files of a package. */
  readonly maxPayloadBytes: number;
  /**
   * Bytes that the values read would take if none were shared: four for each word and each blob's own, however often it is
   * pointed at; default 8 MiB. Files and directories are bounded by `maxEntries` instead.
   */
  readonly maxValueBytes: number;
  /** Values within values that no schema here knows; default 8. */
  readonly maxDepth: number;
  /** Files and directories of a package; default 500,000. */
  readonly maxEntries: number;
  /** Bytes of all data blocks; default 64 GiB. Nothing is kept of them, but reading takes time. */
  readonly maxDataBytes: number;
  /** Signature blocks; default 16. */
  readonly maxSignatures: number;
  /** Bytes of one signature block; default 2,048, as clients have it. */
  readonly maxSignatureBytes: number;
  /** The window that zstd may ask for, in bytes; default 32 MiB, which is what level 20 takes. */
  readonly maxWindowBytes: number;
}

export const defaultAdbLimits: AdbLimits = Object.freeze({
  maxPayloadBytes: 32 * 2 ** 20,
  maxValueBytes: 8 * 2 ** 20,
  maxDepth: 8,
  maxEntries: 500_000,
  maxDataBytes: 64 * 2 ** 30,
  maxSignatures: 16,
  maxSignatureBytes: 2048,
  maxWindowBytes: 32 * 2 ** 20,
});

/** The same for an index: 100,000 packages and more in one payload. */
export const defaultIndexLimits: AdbLimits = Object.freeze({
  ...defaultAdbLimits,
  maxPayloadBytes: 2 ** 28,
  maxValueBytes: 2 ** 29,
});
