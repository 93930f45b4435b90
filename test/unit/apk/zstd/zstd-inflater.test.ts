import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ZstdError } from '../../../../src/apk/zstd/bits.ts';
import { createZstdInflater } from '../../../../src/apk/zstd/zstd-inflater.ts';
import { readFixture } from '../fixtures.ts';
import { words } from './words.ts';

const frames: readonly (readonly [name: string, content: Buffer])[] = [
  ['empty.zst', Buffer.alloc(0)],
  ['words-1.zst', words(40_000)],
  ['words-19.zst', words(40_000)],
  ['words-long.zst', words(300_000)],
  ['zeros.zst', Buffer.alloc(16 * 2 ** 20)],
];
const maxWindowBytes = 32 * 2 ** 20;

async function inflate(frame: Uint8Array, { chunkBytes = 65_536, mayUseNode = false } = {}) {
  const content: Uint8Array[] = [];
  const inflater = createZstdInflater((bytes) => content.push(Uint8Array.from(bytes)), { maxWindowBytes, mayUseNode });
  let used = 0;
  try {
    for (let at = 0; at < frame.length; at += chunkBytes)
      used += await inflater.write(frame.subarray(at, at + chunkBytes));
    return { content: Buffer.concat(content), used };
  } finally {
    inflater.close();
  }
}

describe('a zstd frame', () => {
  it.each(frames)('is decompressed to what was compressed: %s', async (name, content) => {
    const read = await inflate(readFixture(`zstd/${name}`));
    expect(read.content.equals(content)).toBe(true);
  });

  it.each([1, 2, 3, 1000])('is decompressed the same in chunks of %i bytes', async (chunkBytes) => {
    const { content } = await inflate(readFixture('zstd/words-1.zst'), { chunkBytes });
    expect(content.equals(words(40_000))).toBe(true);
  });

  it('leaves what stands behind it', async () => {
    const frame = readFixture('zstd/words-19.zst');
    const { used } = await inflate(Buffer.concat([frame, Buffer.from('more')]));
    expect(used).toBe(frame.length);
  });

  it('is refused where its checksum is wrong', async () => {
    const frame = readFixture('zstd/words-1.zst');
    frame[frame.length - 1]! ^= 1;
    await expect(inflate(frame)).rejects.toThrow(ZstdError);
  });

  it('is refused where it asks for a larger window than is allowed', async () => {
    await expect(inflate(readFixture('zstd/window-128m.zst'))).rejects.toThrow(/window of 134217728 bytes/);
  });

  it('is refused or read to some end whatever byte of it is changed, and never hangs', async () => {
    const frame = readFixture('zstd/words-19.zst');
    for (let at = 0; at < frame.length; at += 23) {
      const changed = Buffer.from(frame);
      changed[at]! ^= 1 << (at % 8);
      const read = await inflate(changed).catch((error: unknown) => error);
      if (read instanceof Error) expect(read).toBeInstanceOf(ZstdError);
    }
  });

  it('lets others have their turn while a small frame becomes much', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await inflate(readFixture('zstd/zeros.zst'));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  const hasNodeZstd = 'createZstdDecompress' in zlib;
  it.skipIf(!hasNodeZstd).each(frames)(
    "is decompressed by Node's own zstd where it has it: %s",
    async (name, content) => {
      const read = await inflate(readFixture(`zstd/${name}`), { mayUseNode: true });
      expect(read.content.equals(content)).toBe(true);
    },
  );
});
