import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { GatewayError } from '../../errors.ts';
import { parseJson } from '../../oci/json.ts';
import { descriptorSchema } from '../../oci/descriptor.ts';
import { isDigest } from '../../oci/digest.ts';
import { imageManifestType, maxManifestBytes, parseManifest } from '../../oci/manifest.ts';
import { isTag } from '../../oci/reference.ts';
import { createAtomicFiles, type AtomicFiles } from '../../files/atomic-files.ts';
import { openPlainFile } from '../../files/plain-file.ts';
import { readBounded } from '../../files/read-bounded.ts';
import { createBlobFolder } from './blob-folder.ts';
import { diskFault, unlessAbsent } from './directory-fault.ts';
import { isReadable } from '../is-readable.ts';
import { readBlob } from '../read-blob.ts';
import type { ImageStore } from '../store.ts';

/** One image in a folder that other tools read as well. */
export interface ImageLayout extends ImageStore {
  /** Writes down which tags there are; until then nothing that was pushed is to be seen. */
  close(): Promise<void>;
}

const refName = 'org.opencontainers.image.ref.name';
const indexType = 'application/vnd.oci.image.index.v1+json';
const maxIndexBytes = 512 * 2 ** 20;
const indexSchema = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptorSchema).max(1_000_000) });

type Entry = z.output<typeof indexSchema>['manifests'][number] & { readonly artifactType?: string | undefined };

/**
 * An OCI image layout (image-spec, Image Layout) as an image for one process alone: all tags are in one `index.json`. Throws
 * STORE_ANSWER_INVALID where the folder holds something else.
 */
export async function openImageLayout(folder: string, image: string): Promise<ImageLayout> {
  const files = createAtomicFiles({ tempFolder: path.join(folder, '.unfinished'), fsync: true });
  const blobs = createBlobFolder({ files, now: Date.now }, path.join(folder, 'blobs', 'sha256'));
  const { tags, others } = await readIndex(folder);

  const find = (reference: string): Entry | undefined =>
    isDigest(reference) ? [...tags.values()].find(({ digest }) => digest === reference) : tags.get(reference);

  const openBlob: ImageStore['openBlob'] = (blob, options) => blobs.open(blob, options?.range, options?.signal);
  return {
    image,
    resolve: (reference) => Promise.resolve(find(reference)),
    async fetchManifest(reference) {
      const entry = find(reference);
      if (entry === undefined) return undefined;
      const bytes = await readBlob({ openBlob: (blob) => blobs.open(blob) }, entry, maxManifestBytes);
      if (bytes === undefined) throw invalidLayout(folder, `it misses ${entry.digest}`);
      return { digest: entry.digest, mediaType: entry.mediaType, bytes };
    },
    async pushManifest(tag, { mediaType, bytes }) {
      const { artifactType } = parseManifest(bytes);
      const { digest, size } = await blobs.push(bytes);
      tags.set(tag, { mediaType, digest, size, artifactType, annotations: { [refName]: tag } });
      return digest;
    },
    tags: () => Promise.resolve([...tags.keys()]),
    deleteTag: (tag) => Promise.resolve(void tags.delete(tag)),
    deleteManifest(digest) {
      for (const [tag, entry] of [...tags]) if (entry.digest === digest) tags.delete(tag);
      return Promise.resolve();
    },
    hasBlob: (digest, options) => blobs.has(digest, options?.size),
    openBlob,
    isReadable: (blob, options) => isReadable({ openBlob }, blob, options),
    locateBlob: () => Promise.resolve(undefined),
    // One image a layout.
    mountBlob: () => Promise.resolve(false),
    startUpload: () =>
      Promise.resolve({
        finish: (source, options) => blobs.write(source, options),
        cancel: () => Promise.resolve(),
      }),
    pushBlob: (bytes, options) => blobs.push(bytes, options),
    async close() {
      const manifests = [...others, ...tags.values()];
      // A misspelt image leaves no folder behind.
      if (manifests.length === 0) return;
      await writeJson(files, path.join(folder, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
      await writeJson(files, path.join(folder, 'index.json'), { schemaVersion: 2, mediaType: indexType, manifests });
      await rm(path.join(folder, '.unfinished'), { recursive: true, force: true });
    },
  };
}

async function readIndex(folder: string): Promise<{ readonly tags: Map<string, Entry>; readonly others: Entry[] }> {
  const file = await unlessAbsent(openPlainFile(path.join(folder, 'index.json')));
  if (file === undefined) return { tags: new Map(), others: [] };
  const text = await readBounded(file.createReadStream(), maxIndexBytes, `${folder}/index.json`);
  const parsed = indexSchema.safeParse(parseJson(text));
  if (!parsed.success) throw invalidLayout(folder, 'its index.json is no image index', parsed.error);
  const tags = new Map<string, Entry>();
  const others: Entry[] = [];
  for (const entry of parsed.data.manifests) {
    const tag = tagOf(entry);
    if (tag === undefined) others.push(entry);
    else tags.set(tag, entry);
  }
  return { tags, others };
}

/** crane names the whole reference, with the tag at its end. */
function tagOf({ mediaType, annotations }: Entry): string | undefined {
  const tag = annotations?.[refName]?.replace(/^.*:/, '');
  return mediaType === imageManifestType && isTag(tag) ? tag : undefined;
}

async function writeJson(files: AtomicFiles, file: string, document: object): Promise<void> {
  await files
    .write(file, (handle) => handle.writeFile(JSON.stringify(document)))
    .catch((error: unknown) => {
      throw diskFault(error);
    });
}

function invalidLayout(folder: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('STORE_ANSWER_INVALID', `${folder} is no whole OCI image layout: ${reason}`, { cause });
}
