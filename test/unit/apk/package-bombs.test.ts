import { createHash } from 'node:crypto';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipHeader, gzipTrailer } from '../../../src/apk/gzip-bytes.ts';
import { crc32Combine } from '../../../src/apk/index-content.ts';
import { readPackage } from '../../../src/apk/package-file.ts';
import { gzip, tarEntry } from '../../support/an-apk.ts';

const info = (datahash: string, more = '') =>
  `pkgname = a\npkgver = 1-r0\npkgdesc = d\nurl = u\narch = x86_64\nsize = 1\nlicense = MIT\ndatahash = ${datahash}\n${more}`;

/** A gzip member whose content is one block many times over, made without ever being held. */
function repeated(block: Buffer, times: number): Uint8Array[] {
  const piece = deflateRawSync(block, { finishFlush: constants.Z_FULL_FLUSH });
  const blockCrc = crc32(block);
  let crc = 0;
  for (let count = 0; count < times; count += 1) crc = crc32Combine(crc, blockCrc, block.length);
  const end = Buffer.from([3, 0]);
  const trailer = gzipTrailer(crc, (block.length * times) % 2 ** 32);
  return [gzipHeader, ...Array.from({ length: times }, () => piece), end, trailer];
}

const hashOf = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest('hex');

async function* sent(pieces: Iterable<Uint8Array>, count: { pieces: number } = { pieces: 0 }) {
  for (const piece of pieces) {
    count.pieces += 1;
    // As from a socket: others get their turn.
    yield await Promise.resolve(piece);
  }
}

describe('a small file that stands for a huge one', () => {
  it('of ten million entries is read in little memory, and without looking at each', { timeout: 240_000 }, async () => {
    const entries = 16_384;
    const block = Buffer.concat(Array.from({ length: entries }, (_, n) => tarEntry({ name: `d${n}/`, type: '5' }, '')));
    const data = repeated(block, Math.ceil(10_000_000 / entries));
    const head = gzip(tarEntry({ name: '.PKGINFO' }, info(hashOf(data))));
    const before = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    const summary = await readPackage(sent([head, ...data]));
    const { user } = process.cpuUsage(cpuBefore);
    expect(summary.fileName).toBe('a-1-r0.apk');
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 2 ** 20);
    expect(user / 1e6).toBeLessThan(90);
  });

  it('is refused past the limit of its data', async () => {
    const data = repeated(Buffer.alloc(2 ** 20), 64);
    const head = gzip(tarEntry({ name: '.PKGINFO' }, info(hashOf(data))));
    const count = { pieces: 0 };
    const reading = readPackage(sent([head, ...data], count), { maxDataBytes: 4 * 2 ** 20 });
    await expect(reading).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(20);
  });

  it('of ten million entries in front of its data is refused at the first few', async () => {
    const block = Buffer.concat(Array.from({ length: 1024 }, (_, n) => tarEntry({ name: `.x${n}` }, '')));
    const count = { pieces: 0 };
    const reading = readPackage(sent(repeated(block, 10_000), count));
    await expect(reading).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(10);
  });

  it('with a line of 2 GB in .PKGINFO is refused by its size, or at the limit where the size lies', async () => {
    const start = Buffer.from(info('0'.repeat(64), 'maintainer = '));
    const declared = tarEntry({ name: '.PKGINFO' }, start);
    // 2 GB in octal, and the checksum that goes with it.
    declared.write((2 * 2 ** 30).toString(8).padStart(11, '0'), 124);
    declared.write('        ', 148);
    const sum = declared.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    declared.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const head = declared.subarray(0, 512 + start.length);
    const line = deflateRawSync(Buffer.alloc(2 ** 20, 'x'), { finishFlush: constants.Z_FULL_FLUSH });
    const count = { pieces: 0 };
    function* pieces() {
      yield gzipHeader;
      yield deflateRawSync(head, { finishFlush: constants.Z_FULL_FLUSH });
      for (let megabyte = 0; megabyte < 2048; megabyte += 1) yield line;
    }
    await expect(readPackage(sent(pieces(), count))).rejects.toMatchObject({ code: 'PACKAGE_MALFORMED' });
    expect(count.pieces).toBeLessThan(12);
  });
});
