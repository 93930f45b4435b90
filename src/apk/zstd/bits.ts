/** Bits of a stretch of bytes that is read from its last bit to its first (RFC 8878, 4.1 and 4.2.2). */
export interface BackwardBits {
  readonly bytes: Uint8Array;
  /** How many bits are left; below zero where more were read than there are, which read as zeros. */
  left: number;
}

/** Damage in compressed data. */
export class ZstdError extends Error {
  override readonly name = 'ZstdError';
}

/** Begins at the end, past the padding: zeros and a one. */
export function backwardBits(bytes: Uint8Array): BackwardBits {
  const last = bytes.at(-1) ?? 0;
  if (last === 0) throw new ZstdError('a bit stream without an end');
  return { bytes, left: (bytes.length - 1) * 8 + highestBit(last) };
}

/** The next `count` bits, at most 31, without going past them. */
export function peekBits(bits: BackwardBits, count: number): number {
  const end = bits.left;
  const start = end - count;
  if (count > 24) return peekAt(bits.bytes, start + 24, count - 24) * 2 ** 24 + peekAt(bits.bytes, start, 24);
  return peekAt(bits.bytes, start, count);
}

/** The next `count` bits, at most 31. */
export function readBits(bits: BackwardBits, count: number): number {
  const value = peekBits(bits, count);
  bits.left -= count;
  return value;
}

/** The number of the highest bit that is set in a positive number. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** `count` bits, at most 24, from bit `start` on, where bits before the first byte are zeros. */
function peekAt(bytes: Uint8Array, start: number, count: number): number {
  const from = start >> 3;
  const word = byteAt(bytes, from) | (byteAt(bytes, from + 1) << 8) | (byteAt(bytes, from + 2) << 16);
  return ((word | (byteAt(bytes, from + 3) << 24)) >>> (start & 7)) & ((1 << count) - 1);
}

function byteAt(bytes: Uint8Array, index: number): number {
  return index < 0 ? 0 : (bytes[index] ?? 0);
}
