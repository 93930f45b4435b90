import { constants } from 'node:zlib';

/** The gzip header (RFC 1952) of all that is written here: no name, no time, the same system everywhere. */
export const gzipHeader: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);

/** Constant, since the same content must give the same bytes in every process. Level 9 takes twice as long for 2 % less. */
export const deflateOptions = {
  level: 6,
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
