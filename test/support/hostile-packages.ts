import { createHash } from 'node:crypto';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { gzipHeader, gzipTrailer } from '../../src/apk/gzip/gzip-bytes.ts';
import { crc32Combine } from '../../src/apk/index/index-content.ts';
import { gzip, tarEntry } from './an-apk.ts';

// Small files that stand for huge ones, as streams: nobody ever holds what they inflate to.

/** A gzip member whose content is one block many times over. */
export function repeatedMember(block: Buffer, times: number): readonly Uint8Array[] {
  const piece = deflateRawSync(block, { finishFlush: constants.Z_FULL_FLUSH });
  const blockCrc = crc32(block);
  let crc = 0;
  for (let count = 0; count < times; count += 1) crc = crc32Combine(crc, blockCrc, block.length);
  const end = Buffer.from([3, 0]);
  const trailer = gzipTrailer(crc, (block.length * times) % 2 ** 32);
  return [gzipHeader, ...Array.from({ length: times }, () => piece), end, trailer];
}

/** A whole package around these data sections' pieces, its hash right. */
export function packageAround(data: readonly Uint8Array[]): readonly Uint8Array[] {
  const hash = data.reduce((so, piece) => so.update(piece), createHash('sha256')).digest('hex');
  return [gzip(tarEntry({ name: '.PKGINFO' }, packageInfo(hash))), ...data];
}

/** A package whose data are so many empty folders. */
export function packageOfFolders(count: number): readonly Uint8Array[] {
  const entries = 16_384;
  const block = Buffer.concat(Array.from({ length: entries }, (_, n) => tarEntry({ name: `d${n}/`, type: '5' }, '')));
  return packageAround(repeatedMember(block, Math.ceil(count / entries)));
}

/** A control section of more files than any package has. */
export function controlOfFiles(count: number): readonly Uint8Array[] {
  const block = Buffer.concat(Array.from({ length: 1024 }, (_, n) => tarEntry({ name: `.x${n}` }, '')));
  return repeatedMember(block, Math.ceil(count / 1024));
}

/** A .PKGINFO with one line of so many MiB, whose size is told as it is. */
export function* packageInfoOfOneLine(mebibytes: number): Generator<Uint8Array> {
  const start = Buffer.from(packageInfo('0'.repeat(64), 'maintainer = '));
  const declared = tarEntry({ name: '.PKGINFO' }, start);
  declared.write((mebibytes * 2 ** 20).toString(8).padStart(11, '0'), 124);
  declared.write('        ', 148);
  const sum = declared.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  declared.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const line = deflateRawSync(Buffer.alloc(2 ** 20, 'x'), { finishFlush: constants.Z_FULL_FLUSH });
  yield gzipHeader;
  yield deflateRawSync(declared.subarray(0, 512 + start.length), { finishFlush: constants.Z_FULL_FLUSH });
  for (let mebibyte = 0; mebibyte < mebibytes; mebibyte += 1) yield line;
}

function packageInfo(datahash: string, more = ''): string {
  return `pkgname = a\npkgver = 1-r0\npkgdesc = d\nurl = u\narch = x86_64\nsize = 1\nlicense = MIT\ndatahash = ${datahash}\n${more}`;
}
