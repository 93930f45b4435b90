import type { LRUCache } from 'lru-cache';
import { isGatewayError } from '../../errors.ts';
import { digestOf } from '../../oci/digest.ts';
import { refuseAborted } from '../../concurrency/aborted.ts';
import { isReadable } from '../is-readable.ts';
import type { BlobDescriptor, ImageStore } from '../store.ts';
import { hasBlob, locateBlob, openBlob } from './content/registry-blobs.ts';
import type { TagRemover } from './content/registry-deletes.ts';
import { fetchManifest, pushManifest, resolveManifest } from './content/registry-manifests.ts';
import type { RegistrySession } from './content/registry-session.ts';
import { listTags } from './content/registry-tags.ts';
import { mountBlob, startUpload, uploadBlob } from './content/registry-uploads.ts';
import type { TagPages } from './content/tag-pages.ts';

/** What the images of one registry share. */
export interface RegistryMemory {
  readonly remover: TagRemover;
  /** `<image>@<digest>` of small blobs that were put lately. */
  readonly knownBlobs: LRUCache<string, true>;
  readonly tagPages: TagPages;
}

/** One image of a registry as a session's caller may see it. */
export function createRegistryImage(
  session: RegistrySession,
  { remover, knownBlobs, tagPages }: RegistryMemory,
): ImageStore {
  const key = (digest: string) => `${session.image}@${digest}`;
  const forgetBlobs = () => {
    for (const known of knownBlobs.keys()) if (known.startsWith(`${session.image}@`)) knownBlobs.delete(known);
  };

  return {
    image: session.image,
    resolve: (reference, options) => session.during(options, (call) => resolveManifest(call, reference)),
    fetchManifest: (reference, options) => session.during(options, (call) => fetchManifest(call, reference)),
    pushManifest: (tag, manifest, options) =>
      session
        .during(options, (call) => pushManifest(call, tag, manifest, options))
        .catch((error: unknown) => {
          if (isGatewayError(error, 'BLOB_UNKNOWN')) forgetBlobs();
          throw error;
        }),
    tags: (options) => session.during(options, (call) => listTags(call, tagPages)),
    deleteTag: (tag, options) => session.during(options, (call) => remover.deleteTag(call, tag)),
    deleteManifest: (digest, options) => session.during(options, (call) => remover.deleteManifest(call, digest)),
    hasBlob: (digest, options) => session.during(options, (call) => hasBlob(call, digest)),
    openBlob: (blob, options) => session.during(options, (call) => openBlob(call, blob, options?.range)),
    isReadable: (blob, options) =>
      session.during(options, (call) =>
        isReadable({ openBlob: (asked, reading) => openBlob(call, asked, reading?.range) }, blob),
      ),
    locateBlob: (blob, options) => session.during(options, (call) => locateBlob(call, blob)),
    mountBlob: (blob, from, options) => session.during(options, (call) => mountBlob(call, blob, from)),
    startUpload: (options) => startUpload(session, options),
    pushBlob: async (bytes, options = {}) => {
      const blob: BlobDescriptor = { digest: digestOf(bytes), size: bytes.length };
      refuseAborted(options.signal);
      if (options.isAnew !== true && knownBlobs.get(key(blob.digest)) === true) return blob;
      const source = { ...blob, open: () => bytes };
      await session.during(options, (call) => uploadBlob(call, undefined, source, options));
      knownBlobs.set(key(blob.digest), true);
      return blob;
    },
  };
}
