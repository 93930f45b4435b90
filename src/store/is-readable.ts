import { isGatewayError } from '../errors.ts';
import type { BlobDescriptor, CallOptions, ImageStore, OpenBlob } from './store.ts';

// What is no larger is read whole: the request costs more than the bytes.
const wholeBytes = 64 * 1024;
const rangeUnsatisfiable = 416;
/** A line may break once; a registry that lost a blob's content breaks off each time. */
const maxReads = 2;

/**
 * ImageStore.isReadable for any store: reads the last byte, or all of a small blob. False where there is none, where it is
 * another one, and where the store promises it and cuts it off each time; a store out of reach throws.
 */
export async function isReadable(
  image: Pick<ImageStore, 'openBlob'>,
  blob: BlobDescriptor,
  options: CallOptions = {},
): Promise<boolean> {
  const last = { start: blob.size - 1, end: blob.size - 1 };
  const range = blob.size > wholeBytes ? last : undefined;
  for (let reads = 1; ; reads += 1) {
    try {
      return await drain(await image.openBlob(blob, { ...options, range }));
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      if (error.code === 'DIGEST_MISMATCH' || error.details['status'] === rangeUnsatisfiable) return false;
      if (error.details['isCutOff'] !== true) throw error;
      if (reads === maxReads) return false;
    }
  }
}

async function drain(opened: OpenBlob | undefined): Promise<boolean> {
  if (opened === undefined) return false;
  let bytes = 0;
  for await (const chunk of opened.stream as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return bytes === opened.size;
}
