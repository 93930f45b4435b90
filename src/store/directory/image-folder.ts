import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { digestOf, hexOf, isDigest, type Digest } from '../../oci/digest.ts';
import { imageManifestType, maxManifestBytes, parseManifest } from '../../oci/manifest.ts';
import { isTag } from '../../oci/reference.ts';
import type { AtomicFiles } from '../../files/atomic-files.ts';
import { createBlobFolder, touchFile } from './blob-folder.ts';
import { unlessAbsent } from './directory-fault.ts';
import type {
  BlobDescriptor,
  BlobSource,
  ByteRange,
  FetchedManifest,
  OpenBlob,
  Resolved,
  UploadOptions,
} from '../store.ts';

/** One image's content in a folder, for those who may have it. Absent is undefined; a disk's own faults come as they are. */
export interface ImageFolder {
  resolve(reference: string): Promise<Resolved | undefined>;
  fetchManifest(reference: string): Promise<FetchedManifest | undefined>;
  pushManifest(tag: string, manifest: { readonly mediaType: string; readonly bytes: Uint8Array }): Promise<Digest>;
  tags(): Promise<readonly string[]>;
  deleteTag(tag: string): Promise<void>;
  deleteManifest(digest: Digest): Promise<void>;
  hasBlob(digest: Digest, size?: number): Promise<boolean>;
  openBlob(blob: BlobDescriptor, range?: ByteRange, signal?: AbortSignal): Promise<OpenBlob | undefined>;
  writeBlob(source: BlobSource, options?: UploadOptions): Promise<void>;
  /** Takes a blob of the image in another folder over; false where there is none. */
  mountBlob(blob: BlobDescriptor, from: string): Promise<boolean>;
  pushBlob(bytes: Uint8Array, options?: UploadOptions): Promise<BlobDescriptor>;
}

const blobsFolder = '_blobs';
const maxTags = 1_000_000;
const maxPuts = 3;

/**
 * Opens an image's folder; it need not be there. A tag is a file of its own that holds a digest, so that writers of different
 * tags never meet, and becomes visible by one rename after all that it names. What is used again is touched: that is how a
 * collection of garbage (directory-garbage.ts) knows that it isn't any.
 */
export function createImageFolder(
  deps: { readonly files: AtomicFiles; readonly now: () => number },
  folder: string,
): ImageFolder {
  const { files, now } = deps;
  const tagPath = (tag: string) => path.join(folder, '_tags', tag);
  const manifestPath = (digest: Digest) => path.join(folder, '_manifests', hexOf(digest));
  const blobs = createBlobFolder(deps, path.join(folder, blobsFolder));

  const digestAt = async (reference: string): Promise<Digest | undefined> => {
    if (isDigest(reference)) return reference;
    if (!isTag(reference)) throw new TypeError(`not a reference: ${JSON.stringify(reference)}`);
    const text = await unlessAbsent(readFile(tagPath(reference), 'utf8'));
    if (text === undefined || isDigest(text)) return text;
    throw new GatewayError('STORE_ANSWER_INVALID', `the tag file of ${reference} holds no digest`);
  };

  const fetchManifest = async (reference: string): Promise<FetchedManifest | undefined> => {
    const digest = await digestAt(reference);
    const bytes = digest && (await unlessAbsent(readFile(manifestPath(digest))));
    if (digest === undefined || bytes === undefined) return undefined;
    if (digestOf(bytes) !== digest) throw new GatewayError('DIGEST_MISMATCH', `the manifest ${digest} was altered`);
    return { digest, mediaType: imageManifestType, bytes };
  };

  const useBlobs = (digests: ReadonlySet<Digest>) =>
    Promise.all(
      [...digests].map(async (digest) => {
        if (await blobs.touch(digest)) return;
        throw new GatewayError('BLOB_UNKNOWN', `the store misses the blob ${digest}`, { details: { digest } });
      }),
    );

  /**
   * A collection reads the tags, then the manifests, then removes what neither of them names and nobody touched since it began.
   * Whatever it did not see is touched after it was made to be seen: so it stays, or this finds it gone and puts it again.
   */
  const putUnder = async (tag: string, digest: Digest, bytes: Uint8Array, named: ReadonlySet<Digest>) => {
    await files.write(manifestPath(digest), (file) => file.writeFile(bytes));
    await useBlobs(named);
    await files.write(tagPath(tag), (file) => file.writeFile(digest));
    return await touchFile(manifestPath(digest), now());
  };

  return {
    fetchManifest,
    mountBlob: (blob, from) => blobs.mount(blob, path.join(from, blobsFolder)),
    writeBlob: (source, options) => blobs.write(source, options),
    pushBlob: (bytes, options) => blobs.push(bytes, options),
    resolve: async (reference) => {
      const digest = await digestAt(reference);
      const found = digest && (await unlessAbsent(stat(manifestPath(digest))));
      return digest && found && { digest, mediaType: imageManifestType, size: found.size };
    },
    pushManifest: async (tag, { mediaType, bytes }) => {
      if (!isTag(tag)) throw new TypeError(`not a tag: ${JSON.stringify(tag)}`);
      if (mediaType !== imageManifestType) throw refusedDocument(`it takes no ${mediaType}`);
      const named = blobsIn(bytes);
      await useBlobs(named);
      const digest = digestOf(bytes);
      for (let put = 1; put <= maxPuts; put += 1) if (await putUnder(tag, digest, bytes, named)) return digest;
      throw new GatewayError('STORE_UNAVAILABLE', `the manifest ${digest} vanishes while it is put`);
    },
    tags: async () => {
      const names = (await unlessAbsent(readdir(path.join(folder, '_tags')))) ?? [];
      if (names.length > maxTags) throw new GatewayError('SIZE_EXCEEDED', `more than ${maxTags} tags`);
      return names.filter(isTag);
    },
    deleteTag: async (tag) => {
      if (!isTag(tag)) throw new TypeError(`not a tag: ${JSON.stringify(tag)}`);
      await unlessAbsent(files.remove(tagPath(tag)));
    },
    deleteManifest: async (digest) => {
      await unlessAbsent(files.remove(manifestPath(digest)));
    },
    hasBlob: (digest, size) => blobs.has(digest, size),
    openBlob: (blob, range, signal) => blobs.open(blob, range, signal),
  };
}

function blobsIn(bytes: Uint8Array): ReadonlySet<Digest> {
  try {
    const { config, layers } = parseManifest(bytes);
    return new Set([config, ...layers].map(({ digest }) => digest));
  } catch (error) {
    if (isGatewayError(error)) throw refusedDocument(error.message);
    throw error;
  }
}

function refusedDocument(reason: string): GatewayError {
  const details = { refused: true, maxBytes: maxManifestBytes };
  return new GatewayError('STORE_ANSWER_INVALID', `the store refuses the manifest: ${reason}`, { details });
}
