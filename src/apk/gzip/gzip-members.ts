import { crc32 } from 'node:zlib';
import {
  assertTrailer,
  beginHeader,
  isZlibError,
  magic,
  takeHeader,
  trailerBytes,
  type FaultOf,
} from './gzip-header.ts';
import { createInflater, inflateSmall, type Inflater } from './inflater.ts';

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
  readonly faultOf: FaultOf;
}

/** Takes a file in chunks of any size; a chunk is done with when its promise settles. After a rejection: no more calls. */
export interface MemberReader {
  write(chunk: Uint8Array): Promise<void>;
  /** Rejects with `truncated` inside a member. */
  end(): void;
  /** Gives back what is held where a file is not read to its end. May be called at any time. */
  close(): void;
}

/**
 * Splits a file into its gzip members. Done by hand because apk hashes the compressed bytes of single members, and
 * zlib's own gunzip runs over their borders and takes zeros behind the last one without a word.
 */
export function createMemberReader(handler: MemberHandler): MemberReader {
  let state: 'magic' | 'header' | 'body' | 'trailer' = 'magic';
  let magicSeen = 0;
  let header = beginHeader(handler.faultOf);
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
    header = beginHeader(handler.faultOf);
    state = 'header';
    return 1;
  };

  const takeHead = (bytes: Uint8Array): number => {
    const used = takeHeader(header, bytes);
    handler.raw(bytes.subarray(0, used.bytes));
    if (used.isDone) {
      [crc, length, trailer] = [0, 0, []];
      inflater = undefined;
      state = 'body';
    }
    return used.bytes;
  };

  const takeContent = (bytes: Uint8Array): void => {
    crc = crc32(bytes, crc);
    length = (length + bytes.length) >>> 0;
    handler.content(bytes);
  };

  const takeBody = (bytes: Uint8Array): number | Promise<number> => {
    const small = inflater === undefined ? inflateSmall(bytes) : undefined;
    if (small === undefined) return inflateBody(bytes, (inflater ??= createInflater(takeContent)));
    if (small.content.length > 0) takeContent(small.content);
    handler.raw(bytes.subarray(0, small.used));
    state = 'trailer';
    return small.used;
  };

  const inflateBody = async (bytes: Uint8Array, body: Inflater): Promise<number> => {
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
      assertTrailer(Buffer.from(trailer), crc, length, handler.faultOf);
      handler.end();
      state = 'magic';
      magicSeen = 0;
    }
    return part.length;
  };

  const take = (bytes: Uint8Array): number | Promise<number> => {
    if (state === 'body') return takeBody(bytes);
    if (state === 'magic') return takeMagic(bytes);
    return state === 'header' ? takeHead(bytes) : takeTrailer(bytes);
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
