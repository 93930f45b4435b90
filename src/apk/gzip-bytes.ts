import { constants } from 'node:zlib';

/** The gzip header (RFC 1952) of all that is written here: no name, no time, the same system everywhere. */
export const gzipHeader: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);

/** Constant, since the same content must give the same bytes in every process. */
export const deflateOptions = {
  level: 9,
  memLevel: 9,
  windowBits: 15,
  strategy: constants.Z_DEFAULT_STRATEGY,
} as const;

/** The end of a gzip member (RFC 1952): CRC-32, and length modulo 2^32. */
export function gzipTrailer(crc: number, length: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return trailer;
}

// The polynomial of CRC-32 in the order of bits in which zlib keeps it: bit 31 is x^0.
const polynomial = 0xedb88320;

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
