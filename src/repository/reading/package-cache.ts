import type { Digest } from '../../oci/digest.ts';
import { readBlob } from '../../store/read-blob.ts';
import type { BlobDescriptor, CallOptions } from '../../store/store.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { Reader } from '../views/reader-rights.ts';

export interface PackageCacheOptions {
  /** Bytes of all that is kept; 0 keeps nothing. */
  readonly maxCachedBytes: number;
  /** Bytes of the largest package that is kept. Default 256 KiB. */
  readonly maxCachedPackageBytes: number;
  /** Called for each package that is small enough, and whether it was there. */
  readonly onLookUp?: ((isHit: boolean) => void) | undefined;
}

/**
 * Small packages in memory: most are, and a registry takes many times longer to open one than to send it. Whoever asks here
 * has shown their right to read the image already (reading.ts): what is kept is no word on that.
 */
export interface PackageCache {
  /** Whether a package of that size is ever kept. */
  isSmall(size: number): boolean;
  /** The whole of a package where it is in memory. */
  peek(image: string, digest: Digest): Uint8Array | undefined;
  /** The whole of a small package, from memory or by way of it; undefined where the image has none. */
  read(reader: Reader, blob: BlobDescriptor, call?: CallOptions): Promise<Uint8Array | undefined>;
}

export function createPackageCache(options: PackageCacheOptions): PackageCache {
  const { maxCachedBytes, maxCachedPackageBytes, onLookUp } = options;
  const kept = createByteBoundedCache<Uint8Array>(Math.max(1, maxCachedBytes), (bytes) => bytes.byteLength + 512);
  const keyOf = (image: string, digest: Digest) => `${image} ${digest}`;
  const maxBytes = Math.min(maxCachedPackageBytes, maxCachedBytes / 4);

  return {
    isSmall: (size) => size <= maxBytes,
    peek(image, digest) {
      const known = kept.get(keyOf(image, digest));
      if (known !== undefined) onLookUp?.(true);
      return known;
    },
    async read({ image }, blob, call) {
      const key = keyOf(image.image, blob.digest);
      const known = kept.get(key);
      onLookUp?.(known !== undefined);
      if (known !== undefined) return known;
      const read = await readBlob(image, blob, maxBytes, call);
      if (read === undefined) return undefined;
      // A copy: what came over a socket is often a small piece of a large buffer.
      const bytes = new Uint8Array(read);
      kept.set(key, bytes);
      return bytes;
    },
  };
}
