import { ZstdError } from './bits.ts';
import { maxBlockBytes } from './literals.ts';

/** The bytes decoded last, as far back as the window reaches. */
export interface History {
  /** Must be called before a block is appended: the room for it, at most `maxBlockBytes`. */
  beginBlock(): void;
  append(bytes: Uint8Array): void;
  fill(byte: number, length: number): void;
  /** Repeats `length` of the bytes from `offset` before the end on; they may overlap. */
  repeat(offset: number, length: number): void;
  /** What was appended since `beginBlock`; good until the next. */
  block(): Uint8Array;
}

const firstBytes = 2 * maxBlockBytes;

/** Memory is taken as bytes come, up to `windowBytes` and two blocks. */
export function createHistory(windowBytes: number): History {
  const capacity = windowBytes + 2 * maxBlockBytes;
  const blockLimit = Math.min(windowBytes, maxBlockBytes);
  let buffer = Buffer.alloc(Math.min(firstBytes, capacity));
  let blockStart = 0;
  let end = 0;

  const reserve = (length: number): void => {
    if (end + length - blockStart > blockLimit) throw new ZstdError('a block that stands for too many bytes');
  };

  return {
    beginBlock() {
      if (end + maxBlockBytes > buffer.length && buffer.length < capacity) {
        const larger = Buffer.alloc(Math.min(capacity, buffer.length * 2));
        buffer.copy(larger, 0, 0, end);
        buffer = larger;
      }
      if (end + maxBlockBytes > buffer.length) {
        buffer.copyWithin(0, end - windowBytes, end);
        end = windowBytes;
      }
      blockStart = end;
    },
    append(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, end);
      end += bytes.length;
    },
    fill(byte, length) {
      reserve(length);
      buffer.fill(byte, end, end + length);
      end += length;
    },
    repeat(offset, length) {
      reserve(length);
      if (offset > end || offset > windowBytes + (end - blockStart)) throw new ZstdError('a match before the window');
      for (let from = end - offset, left = length; left > 0;) {
        // What is copied grows with each turn where the stretches overlap.
        const bytes = Math.min(left, end - from);
        buffer.copyWithin(end, from, from + bytes);
        end += bytes;
        left -= bytes;
      }
    },
    block: () => buffer.subarray(blockStart, end),
  };
}
