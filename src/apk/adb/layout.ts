/** Of a file, its first four bytes (docs/adb.md, 1). */
export const magics = { plain: 'ADB.', deflate: 'ADBd', compressed: 'ADBc' } as const;

/** The second byte group of `ADBc` (docs/adb.md, 1). */
export const compressionAlgorithms = { none: 0, deflate: 1, zstd: 2 } as const;

/** What a container holds, as the four bytes stand in the file (docs/adb.md, 2). */
export const schemaNames = { package: 'pckg', index: 'indx', installedDatabase: 'idb\0' } as const;

export type SchemaName = (typeof schemaNames)[keyof typeof schemaNames];

/** Types of blocks (docs/adb.md, 2). */
export const blockTypes = { adb: 0, signature: 1, data: 2, extended: 3 } as const;

/** Blocks begin at multiples of this many bytes, counted from the first block. */
export const blockAlignment = 8;

/** Types of values: the upper four bits of a word (docs/adb.md, 3). */
export const valueTypes = {
  special: 0x0,
  integer: 0x1,
  integer32: 0x2,
  integer64: 0x3,
  blob8: 0x8,
  blob16: 0x9,
  blob32: 0xa,
  array: 0xd,
  object: 0xe,
} as const;

/** The word for "nothing". */
export const nullWord = 0;

/** Behind the type, a word has this many bits: no offset and no short integer is larger. */
export const maxWordValue = 0x0fffffff;

/** Bytes in front of a payload's values: compat version, version, two zeros, the root's word. */
export const payloadHeadBytes = 8;

/** The bytes between a value's or block's end and the next multiple of `alignment`. */
export function paddingTo(alignment: number, length: number): number {
  return (alignment - (length % alignment)) % alignment;
}
