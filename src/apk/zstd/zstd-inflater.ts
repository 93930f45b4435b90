import * as zlib from 'node:zlib';
import { createInflater, type Inflater } from '../gzip/inflater.ts';
import { ZstdError } from './bits.ts';
import { createBlockDecoder } from './block-decoder.ts';
import { createXxh64 } from './xxh64.ts';
import { createFrameCutter, type FrameHeader, type FramePart } from './zstd-frame.ts';

export interface ZstdOptions {
  /** The most that a frame may make its reader keep. */
  readonly maxWindowBytes: number;
  /** Takes Node's own zstd, from 22.15 on, where there is one; default true. */
  readonly mayUseNode?: boolean;
}

/** Decodes the parts of one frame, in their order. */
interface FrameDecoder {
  decode(part: FramePart): Promise<void>;
  close(): void;
}

// How much is made before others get their turn on the main thread.
const turnBytes = 1024 * 1024;

/**
 * Decompresses one zstd frame (RFC 8878) that comes in chunks, with the promises of `createInflater`. A frame that wants a
 * larger window than `maxWindowBytes` is refused before anything is made of it.
 */
export function createZstdInflater(onContent: (bytes: Uint8Array) => void, options: ZstdOptions): Inflater {
  const cutter = createFrameCutter();
  let decoder: FrameDecoder | undefined;
  const decode = async (part: FramePart): Promise<void> => {
    if (part.kind === 'header') {
      assertWindow(part.header, options.maxWindowBytes);
      decoder = decoderFor(part.header, onContent, options.mayUseNode ?? true);
    }
    await decoder?.decode(part);
  };
  return {
    async write(chunk) {
      const { parts, used } = cutter.write(chunk);
      for (const part of parts) await decode(part);
      return used;
    },
    close() {
      decoder?.close();
    },
  };
}

function assertWindow({ windowBytes }: FrameHeader, maxWindowBytes: number): void {
  if (windowBytes > maxWindowBytes)
    throw new ZstdError(`zstd wants a window of ${windowBytes} bytes, and at most ${maxWindowBytes} are allowed`);
}

function decoderFor(header: FrameHeader, onContent: (bytes: Uint8Array) => void, mayUseNode: boolean): FrameDecoder {
  const node = mayUseNode ? createNodeStream() : undefined;
  return node === undefined ? ownDecoder(header, onContent) : nodeDecoder(createInflater(onContent, node));
}

/** The types are those of Node 20, which knows no zstd. */
function createNodeStream(): ReturnType<typeof zlib.createInflateRaw> | undefined {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: typeof zlib.createInflateRaw };
  return createZstdDecompress?.({ chunkSize: 128 * 1024 });
}

function nodeDecoder(inflater: Inflater): FrameDecoder {
  return {
    async decode({ bytes }) {
      await inflater.write(bytes);
    },
    close() {
      inflater.close();
    },
  };
}

function isLast(block: FramePart): boolean {
  return ((block.bytes[0] ?? 0) & 1) === 1;
}

function ownDecoder(header: FrameHeader, onContent: (bytes: Uint8Array) => void): FrameDecoder {
  const { windowBytes, contentBytes, hasChecksum } = header;
  const blocks = createBlockDecoder(windowBytes);
  const hash = hasChecksum ? createXxh64() : undefined;
  let total = 0;
  let sinceTurn = 0;
  return {
    async decode(part) {
      if (part.kind === 'checksum') {
        const checksum = BigInt(Buffer.from(part.bytes).readUInt32LE(0));
        if (hash !== undefined && (hash.digest() & 0xffffffffn) !== checksum)
          throw new ZstdError('zstd checksum wrong');
      }
      if (part.kind !== 'block') return;
      const content = blocks.decode(part.type, part.size, part.bytes.subarray(3));
      total += content.length;
      if (contentBytes !== undefined && (total > contentBytes || (isLast(part) && total < contentBytes)))
        throw new ZstdError('content of another length than the frame says');
      hash?.update(content);
      if (content.length > 0) onContent(content);
      sinceTurn += content.length;
      if (sinceTurn < turnBytes) return;
      sinceTurn = 0;
      await new Promise(setImmediate);
    },
    close: () => undefined,
  };
}
