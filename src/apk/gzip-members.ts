import { constants, crc32, inflateRawSync } from 'node:zlib';
import { createInflater, type Inflater } from './inflater.ts';

/** What can be wrong with a gzip member (RFC 1952 section 2.3). `magic`: there is something, but no gzip member. */
export type MemberFault = 'magic' | 'header' | 'body' | 'checksum' | 'length' | 'truncated';

/** Where the bytes of one file of gzip members go, in their order. What it throws stops the reading. */
export interface MemberHandler {
  /** The first two bytes of another member were seen. */
  begin(): void;
  /** Bytes of the file that belong to this member, from its header to its trailer. */
  raw(bytes: Uint8Array): void;
  /** Bytes that came of it, inflated. */
  content(bytes: Uint8Array): void;
  /** Its trailer was right. */
  end(): void;
  /** The error to throw for a fault, put into words by whoever knows which part of the file this is. */
  faultOf(fault: MemberFault, cause?: unknown): Error;
}

/** Takes a file in chunks of any size; a chunk is done with when its promise settles. After a rejection: no more calls. */
export interface MemberReader {
  write(chunk: Uint8Array): Promise<void>;
  /** Rejects with `truncated` inside a member. */
  end(): void;
  /** Gives back what is held where a file is not read to its end. May be called at any time. */
  close(): void;
}

const magic = Uint8Array.of(0x1f, 0x8b);
const trailerBytes = 8;
const maxHeaderBytes = 64 * 1024;

/**
 * Splits a file into its gzip members. Done by hand because apk hashes the compressed bytes of single members, and
 * zlib's own gunzip runs over their borders and takes zeros behind the last one without a word.
 */
export function createMemberReader(handler: MemberHandler): MemberReader {
  let state: 'magic' | 'header' | 'body' | 'trailer' = 'magic';
  let magicSeen = 0;
  let header = headerSteps(handler);
  let inflater: Inflater | undefined;
  let trailer: number[] = [];
  let crc = 0;
  let length = 0;

  const takeMagic = (bytes: Uint8Array): number => {
    if (bytes[0] !== magic[magicSeen]) throw handler.faultOf('magic');
    magicSeen += 1;
    if (magicSeen < magic.length) return 1;
    handler.begin();
    handler.raw(magic);
    header = headerSteps(handler);
    header.next();
    state = 'header';
    return 1;
  };

  const takeHeader = (bytes: Uint8Array): number => {
    const used = runHeader(header, bytes);
    handler.raw(bytes.subarray(0, used.bytes));
    if (used.isDone) {
      [crc, length, trailer] = [0, 0, []];
      inflater = createInflater(takeContent);
      state = 'body';
    }
    return used.bytes;
  };

  const takeContent = (bytes: Uint8Array): void => {
    crc = crc32(bytes, crc);
    length = (length + bytes.length) >>> 0;
    handler.content(bytes);
  };

  const takeBody = async (bytes: Uint8Array, body: Inflater): Promise<number> => {
    const used = await body.write(bytes).catch((cause: unknown) => {
      throw isZlibError(cause) ? handler.faultOf('body', cause) : cause;
    });
    handler.raw(bytes.subarray(0, used));
    if (used < bytes.length) {
      state = 'trailer';
      body.close();
    }
    return used;
  };

  const takeTrailer = (bytes: Uint8Array): number => {
    const part = bytes.subarray(0, trailerBytes - trailer.length);
    trailer.push(...part);
    handler.raw(part);
    if (trailer.length === trailerBytes) {
      assertTrailer(Buffer.from(trailer), crc, length, handler);
      handler.end();
      state = 'magic';
      magicSeen = 0;
    }
    return part.length;
  };

  const take = (bytes: Uint8Array): number | Promise<number> => {
    if (state === 'body' && inflater !== undefined) return takeBody(bytes, inflater);
    if (state === 'magic') return takeMagic(bytes);
    return state === 'header' ? takeHeader(bytes) : takeTrailer(bytes);
  };

  return {
    async write(chunk) {
      let rest = chunk;
      while (rest.length > 0) {
        const used = take(rest);
        rest = rest.subarray(typeof used === 'number' ? used : await used);
      }
    },
    end() {
      inflater?.close();
      if (state !== 'magic' || magicSeen > 0) throw handler.faultOf('truncated');
    },
    close() {
      inflater?.close();
    },
  };
}

/** One member of a file that is in memory. */
export interface Member {
  readonly content: Uint8Array;
  /** Offset of the first byte behind it. */
  readonly end: number;
}

/** Inflates the member that begins at `start`; content over `maxBytes` counts as a fault of the body. */
export function readMember(
  file: Uint8Array,
  start: number,
  maxBytes: number,
  faultOf: MemberHandler['faultOf'],
): Member {
  if (file[start] !== magic[0] || file[start + 1] !== magic[1]) throw faultOf('magic');
  const header = headerSteps({ faultOf });
  header.next();
  const head = runHeader(header, file.subarray(start + magic.length));
  if (!head.isDone) throw faultOf('truncated');
  const bodyStart = start + magic.length + head.bytes;
  const { content, used } = inflateWhole(file.subarray(bodyStart), maxBytes, faultOf);
  const end = bodyStart + used + trailerBytes;
  if (end > file.length) throw faultOf('truncated');
  const trailer = Buffer.from(file.subarray(end - trailerBytes, end));
  assertTrailer(trailer, crc32(content), content.length, { faultOf });
  return { content, end };
}

function inflateWhole(
  bytes: Uint8Array,
  maxBytes: number,
  faultOf: MemberHandler['faultOf'],
): { content: Uint8Array; used: number } {
  try {
    const options = { info: true, maxOutputLength: maxBytes, finishFlush: constants.Z_FINISH };
    // With `info` zlib returns its engine too, which knows how many bytes it took; the type declarations don't say so.
    const result = inflateRawSync(bytes, options) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: result.buffer, used: result.engine.bytesWritten };
  } catch (cause) {
    throw faultOf(isZlibError(cause) && cause.code === 'Z_BUF_ERROR' ? 'truncated' : 'body', cause);
  }
}

/** Takes the header byte by byte, the magic left out; finished behind its last byte. */
function* headerSteps({ faultOf }: Pick<MemberHandler, 'faultOf'>): Generator<undefined, void, number> {
  const method = yield;
  const flags = yield;
  // Reserved flags could announce fields whose length nobody knows.
  if (method !== 8 || (flags & 0xe0) !== 0) throw faultOf('header');
  for (let count = 0; count < 6; count += 1) yield;
  let left = maxHeaderBytes;
  if ((flags & 0x04) !== 0) for (let extra = (yield) + ((yield) << 8); extra > 0; extra -= 1) yield;
  for (const stringFlag of [0x08, 0x10])
    if ((flags & stringFlag) !== 0)
      while ((yield) !== 0) {
        left -= 1;
        if (left === 0) throw faultOf('header');
      }
  if ((flags & 0x02) !== 0) {
    yield;
    yield;
  }
}

function runHeader(header: Generator<undefined, void, number>, bytes: Uint8Array): { bytes: number; isDone: boolean } {
  for (const [index, byte] of bytes.entries()) if (header.next(byte).done) return { bytes: index + 1, isDone: true };
  return { bytes: bytes.length, isDone: false };
}

function assertTrailer(
  trailer: Buffer,
  crc: number,
  length: number,
  { faultOf }: Pick<MemberHandler, 'faultOf'>,
): void {
  if (trailer.readUInt32LE(0) !== crc) throw faultOf('checksum');
  if (trailer.readUInt32LE(4) !== length % 2 ** 32) throw faultOf('length');
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}
