import { isGatewayError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { emptyConfigBytes, imageManifestType } from '../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../store/store.ts';
import { createBoundedMap } from './bounded-map.ts';

/** How a manifest may have to be written for a registry to take it. */
export interface ArtifactProfile {
  /** Whether to name an artifactType: some registries refuse any that isn't on their list. */
  readonly artifactType: boolean;
}

export interface ArtifactWriter {
  /**
   * Puts the manifest that `format` gives under `tag`, its config beside it. Tries without an artifactType where the registry
   * refuses ours, and remembers that. Throws BLOB_UNKNOWN where a layer is missing, and the store's faults.
   */
  put(
    image: ImageStore,
    tag: string,
    format: (profile: ArtifactProfile) => Uint8Array,
    options?: CallOptions,
  ): Promise<Digest>;
}

/** One for each store. */
export function createArtifactWriter(): ArtifactWriter {
  const profiles = createBoundedMap<ArtifactProfile>(10_000);

  const push = async (image: ImageStore, tag: string, bytes: Uint8Array, options: CallOptions) => {
    await image.pushBlob(emptyConfigBytes(), options);
    return await image.pushManifest(tag, { mediaType: imageManifestType, bytes }, options);
  };

  return {
    async put(image, tag, format, options = {}) {
      const profile = profiles.get(image.image) ?? { artifactType: true };
      try {
        return await push(image, tag, format(profile), options);
      } catch (error) {
        if (!isRefusedDocument(error) || !profile.artifactType) throw error;
      }
      const plain = { artifactType: false };
      const digest = await push(image, tag, format(plain), options);
      profiles.set(image.image, plain);
      return digest;
    },
  };
}

function isRefusedDocument(error: unknown): boolean {
  return isGatewayError(error, 'STORE_ANSWER_INVALID') && error.details['refused'] === true;
}
