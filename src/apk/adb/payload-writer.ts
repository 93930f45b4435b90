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
  const known = new Map<string, number>();

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

  const once = (key: string, write: () => number): number => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const word = write();
    known.set(key, word);
    return word;
  };

  /** Room for a blob with its length written: its word, and where its bytes go. */
  const beginBlob = (size: number): { word: number; start: number } => {
    if (size <= 0xff) {
      const offset = reserve(1 + size, 1);
      buffer.writeUInt8(size, offset);
      return { word: wordOf(valueTypes.blob8, offset), start: offset + 1 };
    }
    if (size <= 0xffff) {
      const offset = reserve(2 + size, 2);
      buffer.writeUInt16LE(size, offset);
      return { word: wordOf(valueTypes.blob16, offset), start: offset + 2 };
    }
    const offset = reserve(4 + size, 4);
    buffer.writeUInt32LE(size, offset);
    return { word: wordOf(valueTypes.blob32, offset), start: offset + 4 };
  };

  const writeBlob = (value: Uint8Array): number => {
    const { word, start } = beginBlob(value.length);
    buffer.set(value, start);
    return word;
  };

  const writeText = (value: string): number => {
    if (!asciiOnly.test(value)) return writeBlob(encodeText(value));
    const { word, start } = beginBlob(value.length);
    buffer.write(value, start, 'latin1');
    return word;
  };

  const writeInteger = (value: bigint): number => {
    const isShort = value <= 0xffffffffn;
    const offset = reserve(isShort ? 4 : 8, wordBytes);
    if (isShort) buffer.writeUInt32LE(Number(value), offset);
    else buffer.writeBigUInt64LE(value, offset);
    return wordOf(isShort ? valueTypes.integer32 : valueTypes.integer64, offset);
  };

  const writeSlots = (type: number, words: readonly number[]): number => {
    const offset = reserve((words.length + 1) * wordBytes, wordBytes);
    buffer.writeUInt32LE(words.length + 1, offset);
    for (const [index, word] of words.entries()) buffer.writeUInt32LE(word, offset + (index + 1) * wordBytes);
    return wordOf(type, offset);
  };

  const slots = (type: number, words: readonly number[]): number => {
    const last = words.findLastIndex((word) => word !== nullWord);
    if (last < 0) return nullWord;
    const kept = words.slice(0, last + 1);
    return once(`${type}:${kept.join()}`, () => writeSlots(type, kept));
  };

  return {
    integer(value) {
      if (value < 0 || value > 0xffffffffffffffffn || (typeof value === 'number' && !Number.isSafeInteger(value)))
        throw new TypeError(`no whole number below 2^64: ${value}`);
      if (value <= maxWordValue) return wordOf(valueTypes.integer, Number(value));
      return once(`i:${value}`, () => writeInteger(BigInt(value)));
    },
    text: (value) => (value === '' ? nullWord : once(`t:${value}`, () => writeText(value))),
    blob(value) {
      return value.length === 0 ? nullWord : once(`b:${Buffer.from(value).toString('latin1')}`, () => writeBlob(value));
    },
    array: (words) => slots(valueTypes.array, words),
    object: (words) => slots(valueTypes.object, words),
    finish(root) {
      buffer.writeUInt32LE(root, wordBytes);
      return buffer.subarray(0, length);
    },
  };
}

function wordOf(type: number, value: number): number {
  return ((type << 28) | value) >>> 0;
}
