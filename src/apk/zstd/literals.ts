import { ZstdError } from './bits.ts';
import { decodeLiterals, readHuffmanTable, type HuffmanTable } from './huffman.ts';

/** The literals of a block, the table for those of the next one, and how many bytes of the block they took. */
export interface Literals {
  readonly bytes: Uint8Array;
  readonly table: HuffmanTable | undefined;
  readonly used: number;
}

/** The most that one block stands for (RFC 8878, 3.1.1.2.4). */
export const maxBlockBytes = 128 * 1024;

interface Sizes {
  readonly headerBytes: number;
  readonly regenerated: number;
  readonly compressed: number;
  readonly streams: 1 | 4;
}

/** Reads the literals section (RFC 8878, 3.1.1.3.1); `previous` is the table of the block before. */
export function readLiterals(block: Uint8Array, previous: HuffmanTable | undefined): Literals {
  const type = (block[0] ?? 0) & 3;
  const sizes = type < 2 ? plainSizes(block) : compressedSizes(block);
  const { headerBytes, regenerated } = sizes;
  if (regenerated > maxBlockBytes) throw new ZstdError('more literals than a block may have');
  if (type === 0) {
    const used = headerBytes + regenerated;
    return { bytes: cut(block, headerBytes, used), table: previous, used };
  }
  if (type === 1) {
    const [byte = 0] = cut(block, headerBytes, headerBytes + 1);
    return { bytes: new Uint8Array(regenerated).fill(byte), table: previous, used: headerBytes + 1 };
  }
  const used = headerBytes + sizes.compressed;
  const body = cut(block, headerBytes, used);
  const tree = type === 2 ? readHuffmanTable(body) : { table: previous, used: 0 };
  if (tree.table === undefined) throw new ZstdError('literals without a Huffman tree');
  const bytes = new Uint8Array(regenerated);
  decodeStreams(tree.table, body.subarray(tree.used), bytes, sizes.streams);
  return { bytes, table: tree.table, used };
}

function decodeStreams(table: HuffmanTable, bytes: Uint8Array, out: Uint8Array, streams: 1 | 4): void {
  if (streams === 1) {
    decodeLiterals(table, bytes, out);
    return;
  }
  const share = Math.ceil(out.length / 4);
  let from = 6;
  for (let stream = 0; stream < 4; stream += 1) {
    const length = (bytes[stream * 2] ?? 0) | ((bytes[stream * 2 + 1] ?? 0) << 8);
    const to = stream < 3 ? from + length : bytes.length;
    if (share * 3 > out.length) throw new ZstdError('four streams for too few literals');
    const part = out.subarray(stream * share, stream < 3 ? (stream + 1) * share : out.length);
    decodeLiterals(table, cut(bytes, from, to), part);
    from = to;
  }
}

function plainSizes(block: Uint8Array): Sizes {
  const [a = 0, b = 0, c = 0] = block;
  const format = (a >> 2) & 3;
  const sizes = { compressed: 0, streams: 1 } as const;
  if (format === 1) return { ...sizes, headerBytes: 2, regenerated: (a >> 4) | (b << 4) };
  if (format === 3) return { ...sizes, headerBytes: 3, regenerated: (a >> 4) | (b << 4) | (c << 12) };
  return { ...sizes, headerBytes: 1, regenerated: a >> 3 };
}

function compressedSizes(block: Uint8Array): Sizes {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = block;
  const format = (a >> 2) & 3;
  const width = [10, 10, 14, 18][format] ?? 10;
  // Two numbers of `width` bits behind the first four: more than 32 bits together.
  const bits = (a >> 4) + b * 2 ** 4 + c * 2 ** 12 + d * 2 ** 20 + e * 2 ** 28;
  const modulus = 2 ** width;
  return {
    headerBytes: (4 + 2 * width) / 8,
    regenerated: bits % modulus,
    compressed: Math.floor(bits / modulus) % modulus,
    streams: format === 0 ? 1 : 4,
  };
}

function cut(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (to > bytes.length || from > to) throw new ZstdError('a block cut short');
  return bytes.subarray(from, to);
}
