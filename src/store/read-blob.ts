import { GatewayError } from '../errors.ts';
import { readBounded } from '../files/read-bounded.ts';
import type { BlobDescriptor, CallOptions, ImageStore } from './store.ts';

/**
 * The whole content of a small blob, checked by its descriptor; undefined where the image has none. Throws SIZE_EXCEEDED,
 * before anything is asked, for a descriptor that promises more than `maxBytes`.
 */
export async function readBlob(
  image: Pick<ImageStore, 'openBlob'>,
  blob: BlobDescriptor,
  maxBytes: number,
  options?: CallOptions,
): Promise<Uint8Array | undefined> {
  if (blob.size > maxBytes) {
    throw new GatewayError('SIZE_EXCEEDED', `the blob ${blob.digest} has ${blob.size} bytes, at most ${maxBytes} fit`, {
      details: { digest: blob.digest, size: blob.size, maxBytes },
    });
  }
  const opened = await image.openBlob({ digest: blob.digest, size: blob.size }, options);
  return opened && readBounded(opened.stream, maxBytes, `the blob ${blob.digest}`);
}
