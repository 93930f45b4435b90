import { createHash } from 'node:crypto';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { GatewayError } from '../errors.ts';
import { digestOfHex } from '../oci/digest.ts';
import type { BlobDescriptor } from './store.ts';

/**
 * Passes a whole blob through. The last chunk is held back until size and digest are found right, else the stream ends with
 * DIGEST_MISMATCH: a reader who counts bytes has never had them all of something else.
 */
export function verifyBlob(blob: BlobDescriptor): Transform {
  const hash = createHash('sha256');
  let size = 0;
  let held: Uint8Array | undefined;
  const mismatch = (found: string) =>
    new GatewayError('DIGEST_MISMATCH', `the store's content for ${blob.digest} (${blob.size} bytes) ${found}`, {
      details: { digest: blob.digest, size: blob.size },
    });

  return new Transform({
    transform(chunk: Uint8Array, _encoding, callback: TransformCallback) {
      size += chunk.length;
      if (size > blob.size) {
        callback(mismatch('is longer'));
        return;
      }
      hash.update(chunk);
      const ready = held;
      held = chunk;
      callback(null, ready);
    },
    flush(callback: TransformCallback) {
      const digest = digestOfHex(hash.digest('hex'));
      if (size !== blob.size) callback(mismatch(`ends after ${size} bytes`));
      else if (digest !== blob.digest) callback(mismatch(`has the digest ${digest}`));
      else callback(null, held);
    },
  });
}

/**
 * `size` bytes of `source` after its first `skip`; the rest is not read. A source that ends earlier ends the stream with
 * DIGEST_MISMATCH, one that fails with what `failed` makes of it.
 */
export function cutBlob(
  source: Readable,
  skip: number,
  size: number,
  failed: (error: unknown) => GatewayError,
): Readable {
  const stream = Readable.from(cutChunks(source, skip, size), { objectMode: false });
  source.once('error', (error) => {
    stream.destroy(failed(error));
  });
  // A generator that waits for a stalled source can't be ended by its reader alone.
  return stream.once('close', () => {
    source.destroy();
  });
}

async function* cutChunks(source: Readable, skip: number, size: number): AsyncGenerator<Uint8Array> {
  let toSkip = skip;
  let left = size;
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    const wanted = chunk.subarray(Math.min(toSkip, chunk.length)).subarray(0, left);
    toSkip -= Math.min(toSkip, chunk.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
  throw new GatewayError('DIGEST_MISMATCH', `the store's content ends ${left} bytes early`);
}
