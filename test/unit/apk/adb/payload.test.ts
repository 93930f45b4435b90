import { describe, expect, it } from 'vitest';
import { decode } from '../../../../src/apk/adb/decode.ts';
import { encode } from '../../../../src/apk/adb/encode.ts';
import { defaultAdbLimits, type AdbLimits } from '../../../../src/apk/adb/limits.ts';
import { openPayload } from '../../../../src/apk/adb/payload-reader.ts';
import { createPayloadWriter } from '../../../../src/apk/adb/payload-writer.ts';
import { indexSchema, type AdbIndex } from '../../../../src/apk/adb/schemas.ts';

const faultOf = (what: string) => new Error(what);

/** A payload of these words behind its first, and the last of them its root. */
function payloadOf(root: number, words: readonly number[], head = 0): Buffer {
  const payload = Buffer.alloc(8 + words.length * 4);
  payload.writeUInt32LE(head, 0);
  payload.writeUInt32LE(root, 4);
  for (const [i, word] of words.entries()) payload.writeUInt32LE(word, 8 + i * 4);
  return payload;
}

function read(payload: Uint8Array, limits: Partial<AdbLimits> = {}): AdbIndex {
  const reader = openPayload(payload, { ...defaultAdbLimits, ...limits }, faultOf);
  return decode(indexSchema, reader, reader.root, faultOf);
}

const object = (offset: number) => 0xe0000000 + offset;
const array = (offset: number) => 0xd0000000 + offset;
const blob = (offset: number) => 0x80000000 + offset;

describe('a payload made to hurt its reader', () => {
  it.each<[string, Buffer, RegExp]>([
    ['no head', Buffer.alloc(7), /shorter than its head/],
    ['another version', payloadOf(0, [], 1), /compat version 1/],
    ['a root behind the end', payloadOf(object(400), []), /outside the payload/],
    ['a root in the head', payloadOf(object(4), [1]), /outside the payload/],
    ['a root at an odd offset', payloadOf(object(9), [1, 1]), /odd offset/],
    ['a root that is a number', payloadOf(0x10000001, []), /another type/],
    ['a root of no slots', payloadOf(object(8), [0]), /no slots/],
    ['more slots than there are', payloadOf(object(8), [0xffffffff]), /outside the payload/],
    ['slots that end behind the end', payloadOf(object(8), [3, 0]), /outside the payload/],
    ['text behind the end', payloadOf(object(8), [2, blob(200)]), /outside the payload/],
    ['text that ends behind the end', payloadOf(object(8), [2, blob(16), 0xff]), /ends outside/],
    ['text of 2^32 bytes', payloadOf(object(8), [2, 0xa0000010, 0xffffffff]), /ends outside/],
    ['text that is a number', payloadOf(object(8), [2, 0x10000001]), /another type/],
    ['text that is true', payloadOf(object(8), [2, 1]), /another type/],
    ['text of a type that there is not', payloadOf(object(8), [2, 0xf0000001]), /another type/],
    ['a list that holds nothing', payloadOf(object(8), [3, 0, array(20), 2, 0]), /null/],
    ['a root in itself', payloadOf(object(8), [3, 0, array(8)]), /null/],
    ['a circle in what no schema knows', payloadOf(object(8), [5, 0, 0, 0, object(8)]), /over 8 deep/],
    ['nonsense in what no schema knows', payloadOf(object(8), [5, 0, 0, 0, object(800)]), /outside the payload/],
  ])('is refused: %s', (_, payload, why) => {
    expect(() => read(payload)).toThrow(why);
  });

  it('is refused before much was read where little stands for much', () => {
    const shared = 8 + 300 * 4;
    const words = [3, 0, array(20), 290, ...Array.from({ length: 289 }, () => object(shared))];
    const filled = [...words, ...Array.from({ length: 300 - words.length }, () => 0)];
    const text = Buffer.concat([Buffer.of(0x50, 0xc3), Buffer.alloc(50_000, 65)]);
    const payload = Buffer.concat([payloadOf(object(8), [...filled, 2, 0x90000000 + shared + 8]), text]);
    expect(() => read(payload)).toThrow(/take over 8388608 bytes/);
    expect(read(payload, { maxValueBytes: 2 ** 24 }).packages).toHaveLength(289);
  });
});

describe('a payload as it is written', () => {
  const write = (value: AdbIndex): Uint8Array => {
    const writer = createPayloadWriter();
    return writer.finish(encode(indexSchema, value, writer));
  };

  it('has what is said twice once', () => {
    const one = { name: 'a', license: 'a licence that many share', depends: [{ name: 'musl' }] };
    const first = write({ packages: [one] });
    const second = write({ packages: [one, { ...one, name: 'b' }] });
    expect(second.length - first.length).toBeLessThan(100);
  });

  it('is null where there is nothing, and has no nulls at the end', () => {
    expect(write({ description: '', packages: [] })).toEqual(Buffer.alloc(8));
    expect(write({ description: 'x' })).toHaveLength(8 + 2 + 2 + 8);
  });

  it.each([0, 1, 0x0fffffff, 0x10000000, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER, 2n ** 64n - 1n])(
    'keeps the number %s',
    (fileSize) => {
      expect(read(write({ packages: [{ fileSize }] })).packages).toEqual([{ fileSize }]);
    },
  );

  it.each([-1, 0.5, NaN, 2 ** 53, 2n ** 64n, -1n])('takes no number that there is no room for: %s', (fileSize) => {
    expect(() => write({ packages: [{ fileSize }] })).toThrow(TypeError);
  });

  it.each([1, 255, 256, 65_535, 65_536])('keeps a text of %i bytes', (length) => {
    const description = 'é'.repeat(length / 2) + 'x'.repeat(length % 2);
    expect(read(write({ description }))).toEqual({ description });
  });
});
