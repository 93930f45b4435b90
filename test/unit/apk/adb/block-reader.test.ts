import { describe, expect, it } from 'vitest';
import { formatBlock } from '../../../../src/apk/adb/adb-file.ts';
import { createBlockReader } from '../../../../src/apk/adb/block-reader.ts';
import { blockTypes } from '../../../../src/apk/adb/layout.ts';

const payload = Buffer.alloc(16, 1);
const block = (type: number, bytes: Uint8Array = payload) => Buffer.concat(formatBlock(type, [bytes]));
const start = Buffer.from('ADB.pckg');
const adb = block(blockTypes.adb);
const signature = block(blockTypes.signature, Buffer.alloc(21, 2));
const data = block(blockTypes.data, Buffer.alloc(9, 3));

/** A block with the long header, which is for payloads of a gibibyte and more but may be used for any. */
function longBlock(type: number, bytes: Uint8Array, { reserved = 0, size = 16 + bytes.length } = {}): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(((blockTypes.extended << 30) | type) >>> 0);
  header.writeUInt32LE(reserved, 4);
  header.writeBigUInt64LE(BigInt(size), 8);
  return Buffer.concat([header, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

function read(stream: Uint8Array, chunkBytes = stream.length): string[] {
  const told: string[] = [];
  let bytes = 0;
  const reader = createBlockReader(
    {
      schema: (name) => told.push(name),
      begin(kind, size) {
        bytes = 0;
        told.push(`${kind} ${size}`);
      },
      content(piece) {
        bytes += piece.length;
      },
      end: (kind) => told.push(`${kind} had ${bytes}`),
    },
    (what) => new Error(what),
  );
  for (let at = 0; at < stream.length; at += chunkBytes) reader.write(stream.subarray(at, at + chunkBytes));
  reader.end();
  return told;
}

describe('the blocks of an ADB stream', () => {
  const whole = Buffer.concat([start, adb, signature, signature, data, data]);

  it.each([1, 2, 3, 7, 8, 1000])('are told apart in chunks of %i bytes', (chunkBytes) => {
    expect(read(whole, chunkBytes)).toEqual([
      'pckg',
      'adb 16',
      'adb had 16',
      ...['signature 21', 'signature had 21', 'signature 21', 'signature had 21'],
      ...['data 9', 'data had 9', 'data 9', 'data had 9'],
    ]);
  });

  it.each([1, 1000])('may have long headers, and nothing in them: in chunks of %i bytes', (chunkBytes) => {
    const stream = Buffer.concat([start, longBlock(0, payload), longBlock(2, Buffer.alloc(0)), data]);
    expect(read(stream, chunkBytes)).toContain('data had 0');
    expect(read(stream, chunkBytes)).toContain('data had 9');
  });

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /truncated/],
    ['only a start', start, /no ADB block/],
    ['another start', Buffer.from('ADBdpckg'), /does not begin/],
    ['another schema', Buffer.from('ADB.pkg2'), /unknown schema/],
    ['a signature first', Buffer.concat([start, signature, adb]), /before the ADB block/],
    ['data first', Buffer.concat([start, data]), /before the ADB block/],
    ['two payloads', Buffer.concat([start, adb, adb]), /second ADB block/],
    ['a signature behind data', Buffer.concat([start, adb, data, signature]), /behind data/],
    ['a block of a type that nobody knows', Buffer.concat([start, adb, longBlock(7, payload)]), /unknown type 7/],
    ['a long header in a long header', Buffer.concat([start, longBlock(3, payload)]), /unknown type 3/],
    [
      'a long header with something reserved',
      Buffer.concat([start, longBlock(0, payload, { reserved: 1 })]),
      /reserved/,
    ],
    ['a size below its header', Buffer.concat([start, longBlock(0, payload, { size: 15 })]), /impossible size/],
    ['a size past all numbers', Buffer.concat([start, longBlock(0, payload, { size: 2 ** 62 })]), /impossible size/],
    ['a short size of 0', Buffer.concat([start, Buffer.alloc(8)]), /impossible size/],
    [
      'something between blocks',
      Buffer.concat([start, adb.subarray(0, 20), Buffer.of(0, 0, 0, 9), signature]),
      /not zero/,
    ],
  ])('are refused with %s', (_, stream, why) => {
    expect(() => read(stream)).toThrow(why);
    if (stream.length > 0) expect(() => read(stream, 1)).toThrow(why);
  });
});
