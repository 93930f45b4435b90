import { constants, createInflateRaw, inflateRawSync, type InflateRaw } from 'node:zlib';

/** Inflates one raw deflate stream (RFC 1951) that comes in chunks, with whatever stands behind it in the last one. */
export interface Inflater {
  /**
   * Takes a chunk and resolves to how many of its bytes belong to the stream: fewer than it has, if need be none, once
   * the stream has ended. Rejects with zlib's error, or with what `onContent` threw.
   */
  write(chunk: Uint8Array): Promise<number>;
  close(): void;
}

// What a hostile stream can make of one step, and what is held in memory.
const stepBytes = 128 * 1024;

// Another thread's help with less costs more than the work itself.
const smallBytes = 64 * 1024;

/**
 * A whole raw deflate stream at once, and how many of the bytes belong to it; undefined where it isn't small, not whole or damaged:
 * then an inflater says what is wrong with it, if anything is.
 */
export function inflateSmall(bytes: Uint8Array): { readonly content: Uint8Array; readonly used: number } | undefined {
  if (bytes.length > smallBytes) return undefined;
  try {
    const options = { info: true, maxOutputLength: stepBytes, finishFlush: constants.Z_FINISH };
    // With `info` zlib returns its engine too; the type declarations don't say so.
    const result = inflateRawSync(bytes, options) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: result.buffer, used: result.engine.bytesWritten };
  } catch {
    return undefined;
  }
}

/**
 * Hands the inflated bytes to `onContent` as they come; where that throws, nothing more is inflated. `stream` may be another
 * of zlib's decompressors, with a chunk size of its own.
 */
export function createInflater(
  onContent: (bytes: Uint8Array) => void,
  stream: InflateRaw = createInflateRaw({ chunkSize: stepBytes }),
): Inflater {
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  stream.on('data', (bytes: Buffer) => {
    if (stream.destroyed) return;
    try {
      onContent(bytes);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error('content refused', { cause: error }));
    }
  });
  stream.on('end', () => {
    wake();
  });
  stream.on('error', (error) => {
    failure = error;
    wake();
  });

  /** Waits for what `start` leads to; a destroyed stream reports its error late, and perhaps after the write's own end. */
  const settled = async (start: (done: () => void) => void): Promise<void> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (failure === undefined) start(resolve);
      else resolve();
    });
    if (stream.destroyed) await new Promise(setImmediate);
    if (failure !== undefined) throw failure;
  };

  return {
    async write(chunk) {
      const before = stream.bytesWritten;
      await settled((done) => stream.write(chunk, done));
      const used = stream.bytesWritten - before;
      // zlib takes no byte behind the end, so what it left tells that the end was there
      if (used < chunk.length && !stream.readableEnded) await settled(() => undefined);
      return used;
    },
    close() {
      stream.destroy();
    },
  };
}
