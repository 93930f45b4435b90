import type { AdbLimits } from './limits.ts';
import { maxWordValue, nullWord, payloadHeadBytes, valueTypes } from './layout.ts';

/** Makes the error for a fault. */
export type FaultOf = (what: string, cause?: unknown) => Error;

/** Looks up values of a payload by their words; every offset and length is checked, and the work is bounded. */
export interface PayloadReader {
  /** The word of the outermost value. */
  readonly root: number;
  integer(word: number): number | bigint;
  /** A stretch of the payload itself; empty for null. */
  blob(word: number): Uint8Array;
  /** How many slots an array or object has, the one for the count itself included: 1 for null. */
  slotCount(word: number): number;
  /** The word in a slot from 1 on, which must be below the count. */
  slot(word: number, index: number): number;
  /** Whether a value that no schema knows is sound, with all that it points at. */
  check(word: number, depth?: number): void;
}

type ReaderLimits = Pick<AdbLimits, 'maxValueBytes' | 'maxDepth'>;

/** A reader of a payload (docs/adb.md, 3). Throws what `faultOf` makes. */
export function openPayload(payload: Uint8Array, limits: ReaderLimits, faultOf: FaultOf): PayloadReader {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < payloadHeadBytes) throw faultOf('payload shorter than its head');
  const compatVersion = view.getUint8(0);
  if (compatVersion !== 0) throw faultOf(`made for a later version of the format (compat version ${compatVersion})`);
  let bytesLeft = limits.maxValueBytes;

  const spend = (count: number): void => {
    bytesLeft -= count;
    if (bytesLeft < 0) throw faultOf(`its values take over ${limits.maxValueBytes} bytes`);
  };

  /** The offset in a word, once `length` bytes from there are known to be in the payload. */
  const offsetOf = (word: number, length: number, alignment: number): number => {
    const offset = word & maxWordValue;
    if (offset < payloadHeadBytes || offset + length > payload.length) throw faultOf('a value outside the payload');
    if (offset % alignment !== 0) throw faultOf('a value at an odd offset');
    return offset;
  };

  const blobAt = (word: number, lengthBytes: 1 | 2 | 4): Uint8Array => {
    const offset = offsetOf(word, lengthBytes, lengthBytes);
    const length = readLength(view, offset, lengthBytes);
    const start = offset + lengthBytes;
    if (start + length > payload.length) throw faultOf('a value that ends outside the payload');
    spend(length);
    return payload.subarray(start, start + length);
  };

  const reader: PayloadReader = {
    root: view.getUint32(4, true),
    integer(word) {
      spend(4);
      switch (word >>> 28) {
        case valueTypes.integer:
          return word & maxWordValue;
        case valueTypes.integer32:
          return view.getUint32(offsetOf(word, 4, 4), true);
        case valueTypes.integer64:
          return narrowed(view.getBigUint64(offsetOf(word, 8, 4), true));
        default:
          throw faultOf('a value of another type where a number belongs');
      }
    },
    blob(word) {
      spend(4);
      switch (word >>> 28) {
        case valueTypes.special:
          if (word === nullWord) return payload.subarray(0, 0);
          break;
        case valueTypes.blob8:
          return blobAt(word, 1);
        case valueTypes.blob16:
          return blobAt(word, 2);
        case valueTypes.blob32:
          return blobAt(word, 4);
      }
      throw faultOf('a value of another type where text or bytes belong');
    },
    slotCount(word) {
      if (word === nullWord) return 1;
      // Clients take one for the other, and their own writer marks the packages of an index as an object.
      const type = word >>> 28;
      if (type !== valueTypes.array && type !== valueTypes.object)
        throw faultOf('a value of another type where a list or record belongs');
      const count = view.getUint32(offsetOf(word, 4, 4), true);
      if (count === 0) throw faultOf('a list or record of no slots');
      offsetOf(word, count * 4, 4);
      return count;
    },
    slot(word, index) {
      spend(4);
      return view.getUint32((word & maxWordValue) + index * 4, true);
    },
    check(word, depth = limits.maxDepth) {
      if (depth === 0) throw faultOf(`values within values, over ${limits.maxDepth} deep`);
      const type = word >>> 28;
      if (type === valueTypes.special) return;
      if (type <= valueTypes.integer64) reader.integer(word);
      else if (type < valueTypes.array) reader.blob(word);
      else for (let i = reader.slotCount(word) - 1; i > 0; i -= 1) reader.check(reader.slot(word, i), depth - 1);
    },
  };
  return reader;
}

function readLength(view: DataView, offset: number, lengthBytes: 1 | 2 | 4): number {
  if (lengthBytes === 1) return view.getUint8(offset);
  return lengthBytes === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
}

function narrowed(value: bigint): number | bigint {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
