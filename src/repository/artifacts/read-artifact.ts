import { isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';

/**
 * What `parse` makes of the manifest under a tag, and its digest; undefined where none is there, or it is nothing of ours: who may
 * push can put anything there, of any size.
 */
export async function readArtifact<T>(
  image: ImageStore,
  tag: string,
  parse: (bytes: Uint8Array) => T | undefined,
  call: CallOptions,
): Promise<{ readonly digest: Digest; readonly value: T } | undefined> {
  try {
    const manifest = await image.fetchManifest(tag, call);
    const value = manifest && parse(manifest.bytes);
    return manifest && value !== undefined ? { digest: manifest.digest, value } : undefined;
  } catch (error) {
    if (isGatewayError(error, 'SIZE_EXCEEDED', 'STORE_ANSWER_INVALID')) return undefined;
    throw error;
  }
}
