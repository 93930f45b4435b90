import { constants, crc32, inflateRawSync } from 'node:zlib';
import {
  assertTrailer,
  beginHeader,
  isZlibError,
  magic,
  takeHeader,
  trailerBytes,
  type FaultOf,
} from './gzip-header.ts';

/** One member of a file that is in memory. */
export interface Member {
  readonly content: Uint8Array;
  /** Offset of the first byte behind it. */
  readonly end: number;
}

/** Inflates the member that begins at `start`; content over `maxBytes` counts as a fault of the body. */
export function readMember(file: Uint8Array, start: number, maxBytes: number, faultOf: FaultOf): Member {
  if (file[start] !== magic[0] || file[start + 1] !== magic[1]) throw faultOf('magic');
  const head = takeHeader(beginHeader(faultOf), file.subarray(start + magic.length));
  if (!head.isDone) throw faultOf('truncated');
  const bodyStart = start + magic.length + head.bytes;
  const { content, used } = inflateWhole(file.subarray(bodyStart), maxBytes, faultOf);
  const end = bodyStart + used + trailerBytes;
  if (end > file.length) throw faultOf('truncated');
  const trailer = Buffer.from(file.subarray(end - trailerBytes, end));
  assertTrailer(trailer, crc32(content), content.length, faultOf);
  return { content, end };
}

function inflateWhole(bytes: Uint8Array, maxBytes: number, faultOf: FaultOf): { content: Uint8Array; used: number } {
  try {
    const options = { info: true, maxOutputLength: maxBytes, finishFlush: constants.Z_FINISH };
    // With `info` zlib returns its engine too, which knows how many bytes it took; the type declarations don't say so.
    const result = inflateRawSync(bytes, options) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: result.buffer, used: result.engine.bytesWritten };
  } catch (cause) {
    throw faultOf(isZlibError(cause) && cause.code === 'Z_BUF_ERROR' ? 'truncated' : 'body', cause);
  }
}
