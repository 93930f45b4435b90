import { GatewayError } from '../../errors.ts';
import { encodeText } from '../text.ts';
import { maxWordValue, nullWord, paddingTo, payloadHeadBytes, valueTypes } from './layout.ts';

/** Writes values of a payload, one that was written before only once, and gives the words that stand for them. */
export interface PayloadWriter {
  /** Below 2^64. */
  integer(value: number | bigint): number;
  /** Null where it is empty, as are the next three. */
  text(value: string): number;
  blob(value: Uint8Array): number;
  /** `words` begin with slot 1; nulls at the end are cut. */
  array(words: readonly number[]): number;
  object(words: readonly number[]): number;
  /** The payload whose outermost value is `root`. */
  finish(root: number): Uint8Array;
}

const wordBytes = 4;
const firstBytes = 64 * 1024;
const asciiOnly = /^[\0-\x7f]*$/;

/**
 * A writer for one payload (docs/adb.md, 3); the same values in the same order make the same bytes. Throws SIZE_EXCEEDED past
 * 2^28 bytes, where offsets end.
 */
export function createPayloadWriter(): PayloadWriter {
  let buffer = Buffer.alloc(firstBytes);
  let length = payloadHeadBytes;
  // Words by what they stand for; of arrays and objects, by a hash of their slots.
  const texts = new Map<string, number>();
  const blobs = new Map<string, number>();
  const integers = new Map<number | bigint, number>();
  const slotted = new Map<number, number>();

  /** Where the next `size` bytes go, zeros before them up to a multiple of `alignment`. */
  const reserve = (size: number, alignment: number): number => {
    const offset = length + paddingTo(alignment, length);
    length = offset + size;
    if (length > maxWordValue) throw new GatewayError('SIZE_EXCEEDED', `an ADB payload over ${maxWordValue} bytes`);
    if (length > buffer.length) {
      const larger = Buffer.alloc(Math.max(length, buffer.length * 2));
      buffer.copy(larger);
      buffer = larger;
    }
    return offset;
  };

  /** Writes a blob's length; its bytes go to the `size` ones that end the payload then. */
  const beginBlob = (size: number): number => {
    const lengthBytes = size <= 0xff ? 1 : size <= 0xffff ? 2 : 4;
    const offset = reserve(lengthBytes + size, lengthBytes);
    buffer.writeUIntLE(size, offset, lengthBytes);
    const type = lengthBytes === 1 ? valueTypes.blob8 : lengthBytes === 2 ? valueTypes.blob16 : valueTypes.blob32;
    return wordOf(type, offset);
  };

  const writeBlob = (value: Uint8Array): number => {
    const word = beginBlob(value.length);
    buffer.set(value, length - value.length);
    return word;
  };

  const writeText = (value: string): number => {
    if (!asciiOnly.test(value)) return writeBlob(encodeText(value));
    const word = beginBlob(value.length);
    buffer.write(value, length - value.length, 'latin1');
    return word;
  };

  const writeInteger = (value: bigint): number => {
    const isShort = value <= 0xffffffffn;
    const offset = reserve(isShort ? 4 : 8, wordBytes);
    if (isShort) buffer.writeUInt32LE(Number(value), offset);
    else buffer.writeBigUInt64LE(value, offset);
    return wordOf(isShort ? valueTypes.integer32 : valueTypes.integer64, offset);
  };

  const isWritten = (word: number, words: readonly number[], count: number): boolean => {
    const offset = word & maxWordValue;
    if (buffer.readUInt32LE(offset) !== count + 1) return false;
    for (let i = 0; i < count; i += 1) if (buffer.readUInt32LE(offset + (i + 1) * wordBytes) !== words[i]) return false;
    return true;
  };

  const slots = (type: number, words: readonly number[]): number => {
    let count = words.length;
    while (count > 0 && words[count - 1] === nullWord) count -= 1;
    if (count === 0) return nullWord;
    const hash = hashOf(type, words, count);
    const before = slotted.get(hash);
    // Others of the same hash are too rare to be looked for.
    if (before !== undefined && before >>> 28 === type && isWritten(before, words, count)) return before;
    const offset = reserve((count + 1) * wordBytes, wordBytes);
    buffer.writeUInt32LE(count + 1, offset);
    for (let i = 0; i < count; i += 1) buffer.writeUInt32LE(words[i] ?? nullWord, offset + (i + 1) * wordBytes);
    slotted.set(hash, wordOf(type, offset));
    return wordOf(type, offset);
  };

  return {
    integer(value) {
      assertInteger(value);
      if (value <= maxWordValue) return wordOf(valueTypes.integer, Number(value));
      return once(integers, value, () => writeInteger(BigInt(value)));
    },
    text: (value) => (value === '' ? nullWord : once(texts, value, () => writeText(value))),
    blob(value) {
      if (value.length === 0) return nullWord;
      return once(blobs, Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'), () =>
        writeBlob(value),
      );
    },
    array: (words) => slots(valueTypes.array, words),
    object: (words) => slots(valueTypes.object, words),
    finish(root) {
      buffer.writeUInt32LE(root, wordBytes);
      return buffer.subarray(0, length);
    },
  };
}

function once<Key>(known: Map<Key, number>, key: Key, write: () => number): number {
  const before = known.get(key);
  if (before !== undefined) return before;
  const word = write();
  known.set(key, word);
  return word;
}

function assertInteger(value: number | bigint): void {
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!isWhole || value < 0 || value > 0xffffffffffffffffn) throw new TypeError(`no whole number below 2^64: ${value}`);
}

function wordOf(type: number, value: number): number {
  return ((type << 28) | value) >>> 0;
}

/** FNV-1a, on words in place of bytes. */
function hashOf(type: number, words: readonly number[], count: number): number {
  let hash = 0x811c9dc5 ^ type;
  for (let i = 0; i < count; i += 1) hash = Math.imul(hash ^ (words[i] ?? nullWord), 0x01000193);
  return hash;
}
