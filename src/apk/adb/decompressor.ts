import { createInflater } from '../gzip/inflater.ts';
import { ZstdError } from '../zstd/bits.ts';
import { createZstdInflater } from '../zstd/zstd-inflater.ts';
import { compressionAlgorithms, magics } from './layout.ts';
import type { FaultOf } from './payload-reader.ts';

/** Takes a file in chunks of any size and hands out the plain stream in it (docs/adb.md, 1). */
export interface Decompressor {
  /** The chunk is done with when the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** The end of the file: rejects where the stream isn't whole. */
  end(): Promise<void>;
  close(): void;
}

/** One way to get at the plain stream; as the inflaters do, `write` resolves to how many bytes belonged to it. */
interface Engine {
  write(chunk: Uint8Array): Promise<number>;
  close(): void;
}

export interface DecompressorOptions {
  readonly maxWindowBytes: number;
  readonly faultOf: FaultOf;
}

/** `onPlain` may throw, which ends the reading; all other faults are made by `faultOf`. */
export function createDecompressor(onPlain: (bytes: Uint8Array) => void, options: DecompressorOptions): Decompressor {
  const { faultOf } = options;
  let head: Uint8Array = Buffer.alloc(0);
  let engine: Engine | undefined;
  let isStored = false;
  let refusal: { readonly error: unknown } | undefined;
  let hasEnded = false;

  /** What our caller threw is passed on as it is; what an engine says becomes a fault. */
  const guarded = (bytes: Uint8Array): void => {
    try {
      onPlain(bytes);
    } catch (error) {
      refusal = { error };
      throw error;
    }
  };

  const feed = async (chunk: Uint8Array): Promise<number> => {
    if (engine === undefined) {
      guarded(chunk);
      return chunk.length;
    }
    try {
      return await engine.write(chunk);
    } catch (cause) {
      if (refusal !== undefined) throw refusal.error;
      throw faultOf(
        cause instanceof ZstdError ? `compressed data: ${cause.message}` : 'compressed data damaged',
        cause,
      );
    }
  };

  /** Keeps the first bytes until they tell the compression; gives what is behind them. */
  const pastHead = (chunk: Uint8Array): Uint8Array | undefined => {
    head = Buffer.concat([head, chunk]);
    const start = readStart(head, faultOf);
    if (start === undefined) return undefined;
    const behind = head.subarray(start.bytes);
    engine = engineFor(start.algorithm, guarded, options);
    isStored = engine === undefined;
    return behind;
  };

  return {
    async write(chunk) {
      const rest = engine === undefined && !isStored ? pastHead(chunk) : chunk;
      if (rest === undefined || rest.length === 0) return;
      const used = hasEnded ? 0 : await feed(rest);
      if (used < rest.length) hasEnded = true;
      if (hasEnded) throw faultOf('bytes behind the compressed data');
    },
    async end() {
      if (engine === undefined && !isStored) throw faultOf(head.length === 0 ? 'the file is empty' : 'truncated');
      // An engine takes no byte behind the end, so one byte more tells whether the end was there.
      if (engine !== undefined && (await feed(Buffer.alloc(1))) > 0)
        throw faultOf('truncated: compressed data not whole');
    },
    close() {
      engine?.close();
    },
  };
}

/** The algorithm, and where its stream begins: plain files are their own stream. Undefined while there are too few bytes. */
function readStart(head: Uint8Array, faultOf: FaultOf): { algorithm: number; bytes: number } | undefined {
  const magic = Buffer.from(head.subarray(0, 4)).toString('latin1');
  if (!Object.values(magics).some((known) => known.startsWith(magic))) throw unknownStart(magic, faultOf);
  if (magic.length < 4) return undefined;
  if (magic === magics.plain) return { algorithm: compressionAlgorithms.none, bytes: 0 };
  if (magic === magics.deflate) return { algorithm: compressionAlgorithms.deflate, bytes: 4 };
  const [algorithm, level] = head.subarray(4, 6);
  if (algorithm === undefined || level === undefined) return undefined;
  if (!Object.values<number>(compressionAlgorithms).includes(algorithm))
    throw faultOf(`unknown compression: algorithm ${algorithm}`);
  return { algorithm, bytes: 6 };
}

function unknownStart(magic: string, faultOf: FaultOf): Error {
  if (magic.startsWith('ADB')) return faultOf(`unknown compression: ${JSON.stringify(magic)}`);
  return faultOf('no ADB file: it does not begin with "ADB"');
}

function engineFor(
  algorithm: number,
  onContent: (bytes: Uint8Array) => void,
  { maxWindowBytes }: DecompressorOptions,
): Engine | undefined {
  switch (algorithm) {
    case compressionAlgorithms.deflate:
      return createInflater(onContent);
    case compressionAlgorithms.zstd:
      return createZstdInflater(onContent, { maxWindowBytes });
    default:
      return undefined;
  }
}
