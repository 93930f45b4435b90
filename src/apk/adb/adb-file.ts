import { constants, deflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { blockAlignment, blockTypes, magics, paddingTo, type SchemaName } from './layout.ts';

/** A file of content that clients install: its numbers in the package's `paths`, from 1, and its bytes. */
export interface DataBlock {
  readonly directory: number;
  readonly file: number;
  readonly content: Uint8Array;
}

const maxShortPayload = 0x3fffffff - 4;
const deflateInThreadPool = promisify(deflateRaw);

/** A plain file of these parts, in pieces (docs/adb.md, 2). */
export function formatAdbFile(
  schema: SchemaName,
  payload: Uint8Array,
  signatures: readonly Uint8Array[],
  data: readonly DataBlock[] = [],
): readonly Uint8Array[] {
  return [
    Buffer.from(`${magics.plain}${schema}`, 'latin1'),
    ...formatBlock(blockTypes.adb, [payload]),
    ...signatures.flatMap((signature) => formatBlock(blockTypes.signature, [signature])),
    ...data.flatMap(({ directory, file, content }) =>
      formatBlock(blockTypes.data, [numbers(directory, file), content]),
    ),
  ];
}

/** The same file as `ADBd` (docs/adb.md, 1), which is what apk's tools write; zlib does its work off the main thread. */
export async function deflateAdbFile(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const options = { level: 6, memLevel: 9, windowBits: 15, strategy: constants.Z_DEFAULT_STRATEGY };
  return Buffer.concat([Buffer.from(magics.deflate), await deflateInThreadPool(Buffer.concat(pieces), options)]);
}

/** A block whose payload is `pieces` joined: header, payload, zeros. */
export function formatBlock(type: number, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const header = length <= maxShortPayload ? shortHeader(type, length) : extendedHeader(type, length);
  return [header, ...pieces, Buffer.alloc(paddingTo(blockAlignment, header.length + length))];
}

function shortHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(((type << 30) | (length + header.length)) >>> 0);
  return header;
}

function extendedHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(((blockTypes.extended << 30) | type) >>> 0);
  header.writeBigUInt64LE(BigInt(length + header.length), 8);
  return header;
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}
