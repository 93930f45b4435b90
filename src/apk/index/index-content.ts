import { constants, crc32, deflateRawSync } from 'node:zlib';
import { deflateOptions, gzipHeader, gzipTrailer } from '../gzip/gzip-bytes.ts';
import { formatTarHeader, paddingOf } from '../tar/tar-header.ts';
import { encodeText } from '../text.ts';

/** A stretch of an index's content member: head, run, run, … and tail, joined, are one valid gzip member. */
export interface ContentPart {
  /** As it is in the file. */
  readonly bytes: Uint8Array;
  /** CRC-32 of what it inflates to. */
  readonly crc: number;
  /** Bytes it inflates to. */
  readonly length: number;
}

/** All that the tail needs to know of a part. */
export type PartSum = Pick<ContentPart, 'crc' | 'length'>;

const endMarkBytes = 1024;

// The polynomial of CRC-32 in the order of bits in which zlib keeps it: bit 31 is x^0.
const polynomial = 0xedb88320;

/**
 * Deflates some records on their own. The full flush closes the run at a byte border and lets nothing refer back over it,
 * so that runs stay valid in any company.
 */
export function deflateRun(records: string | Uint8Array): ContentPart {
  const text = typeof records === 'string' ? encodeText(records) : records;
  const bytes = deflateRawSync(text, { ...deflateOptions, finishFlush: constants.Z_FULL_FLUSH });
  return { bytes, crc: crc32(text), length: text.length };
}

/** The part in front of the runs: gzip header, DESCRIPTION, and the tar header of an APKINDEX of so many bytes. */
export function contentHead(description: string, indexTextLength: number): ContentPart {
  const about = encodeText(description);
  const tar = Buffer.concat([
    formatTarHeader('DESCRIPTION', about.length),
    about,
    Buffer.alloc(paddingOf(about.length)),
    formatTarHeader('APKINDEX', indexTextLength),
  ]);
  const { bytes, crc, length } = deflateRun(tar);
  return { bytes: Buffer.concat([gzipHeader, bytes]), crc, length };
}

/** The part behind the runs: padding, end mark and gzip trailer, for exactly these parts: the head, then the runs. */
export function contentTail(parts: readonly PartSum[]): Uint8Array {
  const textLength = parts.slice(1).reduce((sum, part) => sum + part.length, 0);
  const zeros = Buffer.alloc(paddingOf(textLength) + endMarkBytes);
  const all = [...parts, { crc: crc32(zeros), length: zeros.length }].reduce(joinSums, { crc: 0, length: 0 });
  return Buffer.concat([deflateRawSync(zeros, deflateOptions), gzipTrailer(all.crc, all.length)]);
}

function joinSums(a: PartSum, b: PartSum): PartSum {
  return { crc: crc32Combine(a.crc, b.crc, b.length), length: a.length + b.length };
}

/** The CRC-32 of A and B joined, from both CRCs and B's length in bytes. */
export function crc32Combine(crcA: number, crcB: number, lengthB: number): number {
  let shift = 0x80000000;
  let power = 0x00800000;
  for (let left = lengthB; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(power, shift);
    power = multiply(power, power);
  }
  return (multiply(shift, crcA) ^ crcB) >>> 0;
}

/** The product of two polynomials over GF(2) modulo the CRC's, both bit-reversed. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial;
  }
  return product >>> 0;
}
