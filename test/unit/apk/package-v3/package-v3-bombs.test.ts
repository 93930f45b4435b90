import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readPackageV3 } from '../../../../src/apk/package-v3/package-v3-file.ts';
import { createPayloadWriter } from '../../../../src/apk/adb/payload-writer.ts';
import { encode } from '../../../../src/apk/adb/encode.ts';
import { directorySchema, packageInfoSchema } from '../../../../src/apk/adb/schemas.ts';
import { aV3Apk, deflated, v3File, v3Parts } from '../../../support/a-v3-apk.ts';
import { findOnPath } from '../../../support/registry.ts';
import { chunked } from '../fixtures.ts';

const malformed = { code: 'PACKAGE_MALFORMED' };
const { root } = v3Parts();

/** A payload in which each of `directories` slots points at one directory, and that at `files` times one file. */
function sharingPayload(directories: number, files: number): Uint8Array {
  const writer = createPayloadWriter();
  const info = encode(packageInfoSchema, root.info!, writer);
  const file = { name: 'a', size: 0, hash: Buffer.alloc(32) };
  const one = encode(directorySchema.fields.files.item, file, writer);
  const list = writer.array(Array.from({ length: files }, () => one));
  const directory = writer.object([writer.text('usr'), 0, list]);
  return writer.finish(writer.object([info, writer.array(Array.from({ length: directories }, () => directory))]));
}

describe('a small v3 package that stands for a huge one', () => {
  it('is refused past its files, though millions of them share one', async () => {
    const file = deflated(v3File(sharingPayload(1_000_000, 1_000_000)));
    expect(file.length).toBeLessThan(100_000);
    await expect(readPackageV3(chunked(file))).rejects.toMatchObject(malformed);
  });

  it('is refused by the size that its payload says, before that is there', async () => {
    const start = Buffer.concat([Buffer.from('ADB.pckg'), Buffer.of(0, 0, 0, 0x30)]);
    await expect(readPackageV3(chunked(start))).rejects.toMatchObject({
      ...malformed,
      message: expect.stringContaining('at most 33554432') as string,
    });
  });

  it('is refused with an info in which little stands for much', async () => {
    const tags = Array.from({ length: 200_000 }, () => 'x'.repeat(200));
    await expect(readPackageV3(chunked(deflated(aV3Apk({ info: { tags } }))))).rejects.toMatchObject(malformed);
  });

  const content = Buffer.alloc(160 * 2 ** 20);
  const hash = createHash('sha256').update(content).digest();
  const paths = [{ name: 'usr', files: [{ name: 'zeros', size: content.length, hash }] }];
  const plain = aV3Apk({ paths, data: [{ directory: 1, file: 1, content }] });

  it('is hashed and kept nowhere', { timeout: 60_000 }, async () => {
    const file = deflated(plain);
    const before = process.memoryUsage.rss();
    const result = await readPackageV3(chunked(file));
    expect(result.size).toBe(file.length);
    expect(process.memoryUsage.rss() - before).toBeLessThan(96 * 2 ** 20);
  });

  const zstd = findOnPath('zstd');
  it.skipIf(zstd === undefined)('is hashed where it is zstd (by the program zstd)', async () => {
    const compressed = execFileSync(zstd ?? '', ['-q', '-c', '--no-check'], { input: plain, maxBuffer: 2 ** 30 });
    const file = Buffer.concat([Buffer.from('ADBc'), Buffer.of(2, 3), compressed]);
    const result = await readPackageV3(chunked(file));
    expect(result.size).toBe(file.length);
  });
});
