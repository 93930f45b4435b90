import { crc32, deflateRawSync } from 'node:zlib';
import { deflateOptions, gzipHeader, gzipTrailer } from '../gzip/gzip-bytes.ts';
import type { Signature } from '../signature.ts';
import { formatTarHeader, paddingOf } from '../tar/tar-header.ts';

/** The gzip member in front of what is signed: one tar entry a signature, padded, no end mark (APKv2). */
export function signatureMember(signatures: readonly Signature[]): Buffer {
  const tar = Buffer.concat(
    signatures.flatMap(({ algorithm, keyName, bytes }) => [
      formatTarHeader(`.SIGN.${algorithm}.${keyName}`, bytes.length),
      bytes,
      Buffer.alloc(paddingOf(bytes.length)),
    ]),
  );
  return Buffer.concat([gzipHeader, deflateRawSync(tar, deflateOptions), gzipTrailer(crc32(tar), tar.length)]);
}
