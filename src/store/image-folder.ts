import { open, readFile, readdir, stat, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable, pipeline } from 'node:stream';
import { pipeline as pipelineDone } from 'node:stream/promises';
import { GatewayError, isGatewayError } from '../errors.ts';
import { digestOf, hexOf, isDigest } from '../oci/digest.ts';
import type { Digest } from '../oci/digest.ts';
import { imageManifestType, maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { isTag } from '../oci/reference.ts';
import { abortedFault } from './aborted.ts';
import type { AtomicFiles } from './atomic-file.ts';
import { unlessAbsent } from './directory-fault.ts';
import type { BlobDescriptor, BlobSource, ByteRange, FetchedManifest, OpenBlob, Resolved } from './store.ts';
import { verifyBlob } from './verified-stream.ts';

/** One image's content in a folder, for whoever may have it. Absent is undefined; a disk's own faults come as they are. */
export interface ImageFolder {
  resolve(reference: string): Promise<Resolved | undefined>;
  fetchManifest(reference: string): Promise<FetchedManifest | undefined>;
  pushManifest(tag: string, manifest: { readonly mediaType: string; readonly bytes: Uint8Array }): Promise<Digest>;
  tags(): Promise<readonly string[]>;
  deleteTag(tag: string): Promise<void>;
  hasBlob(digest: Digest): Promise<boolean>;
  openBlob(blob: BlobDescriptor, range?: ByteRange, signal?: AbortSignal): Promise<OpenBlob | undefined>;
  writeBlob(source: BlobSource, signal?: AbortSignal): Promise<void>;
  pushBlob(bytes: Uint8Array): Promise<BlobDescriptor>;
}

const maxTags = 1_000_000;
const maxPuts = 3;
const readBytes = 256 * 1024;

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
  const blobPath = (digest: Digest) => path.join(folder, '_blobs', hexOf(digest));
  const isFile = async (file: string) => (await unlessAbsent(stat(file))) !== undefined;

  const touch = async (file: string): Promise<boolean> => {
    const time = new Date(now());
    return (await unlessAbsent(utimes(file, time, time).then(() => true))) === true;
  };

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

  const writeBlob = async (source: BlobSource, signal?: AbortSignal): Promise<void> => {
    if (await touch(blobPath(source.digest))) return;
    await files.write(blobPath(source.digest), (file) => fillVerified(file, source, signal));
  };

  const pushBlob = async (bytes: Uint8Array): Promise<BlobDescriptor> => {
    const blob = { digest: digestOf(bytes), size: bytes.length };
    if (!(await touch(blobPath(blob.digest))))
      await files.write(blobPath(blob.digest), (file) => file.writeFile(bytes));
    return blob;
  };

  const useBlobs = (digests: ReadonlySet<Digest>) =>
    Promise.all(
      [...digests].map(async (digest) => {
        if (await touch(blobPath(digest))) return;
        throw new GatewayError('BLOB_UNKNOWN', `the store misses the blob ${digest}`, { details: { digest } });
      }),
    );

  /**
   * A collection reads the tags, then the manifests, then removes what neither of them names and nobody touched since it began.
   * Whatever it did not see is touched after it was made to be seen: so it stays, or this finds it gone and puts it again.
   */
  const putUnder = async (tag: string, digest: Digest, bytes: Uint8Array, blobs: ReadonlySet<Digest>) => {
    await files.write(manifestPath(digest), (file) => file.writeFile(bytes));
    await useBlobs(blobs);
    await files.write(tagPath(tag), (file) => file.writeFile(digest));
    return await touch(manifestPath(digest));
  };

  return {
    fetchManifest,
    writeBlob,
    pushBlob,
    resolve: async (reference) => {
      const digest = await digestAt(reference);
      const found = digest && (await unlessAbsent(stat(manifestPath(digest))));
      return digest && found && { digest, mediaType: imageManifestType, size: found.size };
    },
    pushManifest: async (tag, { mediaType, bytes }) => {
      if (!isTag(tag)) throw new TypeError(`not a tag: ${JSON.stringify(tag)}`);
      if (mediaType !== imageManifestType) throw refusedDocument(`it takes no ${mediaType}`);
      const blobs = blobsIn(bytes);
      await useBlobs(blobs);
      const digest = digestOf(bytes);
      for (let put = 1; put <= maxPuts; put += 1) if (await putUnder(tag, digest, bytes, blobs)) return digest;
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
    hasBlob: (digest) => isFile(blobPath(digest)),
    openBlob: async (blob, range, signal) => {
      const file = await unlessAbsent(open(blobPath(blob.digest), 'r'));
      return file && openFile(file, blob, range, signal);
    },
  };
}

async function openFile(
  file: FileHandle,
  blob: BlobDescriptor,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<OpenBlob> {
  const { size } = await file.stat();
  if (range === undefined ? size !== blob.size : range.end >= size) {
    await file.close();
    throw new GatewayError('DIGEST_MISMATCH', `the store has ${size} bytes for ${blob.digest}, expected ${blob.size}`);
  }
  const stream = file.createReadStream({ ...range, highWaterMark: readBytes });
  const result = range === undefined ? pipeline(stream, verifyBlob(blob), ignore) : stream;
  const leave = () => result.destroy(signal && abortedFault(signal));
  signal?.addEventListener('abort', leave, { once: true });
  result.once('close', () => signal?.removeEventListener('abort', leave));
  return { stream: result, size: range === undefined ? size : range.end - range.start + 1 };
}

async function fillVerified(file: FileHandle, source: BlobSource, signal: AbortSignal | undefined): Promise<void> {
  const content = source.open();
  const stream = content instanceof Uint8Array ? Readable.from([content], { objectMode: false }) : content;
  try {
    await pipelineDone(stream, verifyBlob(source), (chunks: AsyncIterable<Uint8Array>) => writeChunks(file, chunks), {
      ...(signal && { signal }),
    });
  } catch (error) {
    throw signal?.aborted === true ? abortedFault(signal) : error;
  }
}

async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  // At a handle, writeFile goes on from where the one before ended, and writes all of it.
  for await (const chunk of chunks) await file.writeFile(chunk);
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

function ignore(): void {
  // Whoever reads the stream is told by it.
}
