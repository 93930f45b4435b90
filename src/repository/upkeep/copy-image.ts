import { Readable } from 'node:stream';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { emptyConfig, formatManifest, parseManifest, type ImageManifest } from '../../oci/manifest.ts';
import type { Clock } from '../../ports.ts';
import type { BlobDescriptor, CallOptions, FetchedManifest, ImageStore } from '../../store/store.ts';
import { createArtifactWriter } from '../artifacts/artifact-writer.ts';
import { isKeyTag } from '../keys/key-artifact.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import {
  buriedBy,
  groupHashOfIndexTag,
  parsePackageTag,
  peekTag,
  tagStamp,
  tombstoneOf,
  type TagKind,
} from '../artifacts/package-tag.ts';
import { goneTag, parseSnapshotTag } from '../artifacts/snapshot-tag.ts';

/** How far a copy has got; what was there already counts as done. */
export interface CopyProgress {
  readonly done: number;
  readonly total: number;
  /** Bytes of the files that were written. */
  readonly bytes: number;
}

/** What a copy did. */
export interface Copied {
  readonly packages: number;
  /** Proofs that packages were deleted, which come along. */
  readonly tombstones: number;
  /** Withdrawn packages, and deleted ones that could still be fetched. */
  readonly kept: number;
  readonly keys: number;
  readonly indexes: number;
  /** Tags that were there already. */
  readonly unchanged: number;
  readonly bytes: number;
  /** Index tags under which the target has another index: it stays, and the next push renews it. */
  readonly leftIndexes: readonly string[];
  /**
   * Package tags that were put though the target had an index at least as young as they are. Where an earlier copy had brought
   * them, they were deleted at the target, which keeps no proof of that for long: they are back.
   */
  readonly maybeRevived: readonly string[];
}

export interface CopyOptions extends CallOptions {
  /** Whether signing keys come along, sealed as they are. Default: true. */
  readonly hasKeys?: boolean | undefined;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** Tags that are copied at a time. */
const concurrency = 8;
/** Of all index manifests, which are held until the packages are there: a thousand groups have a tenth of it. */
const maxIndexBytes = 256 * 2 ** 20;

interface Index {
  readonly tag: string;
  readonly fetched: FetchedManifest;
}

/**
 * Copies what is ours of an image, package by package, under the same tags; what the target has or knows to be dead stays. It may be broken off
 * and done again, and both sides may be pushed to meanwhile: index manifests are read before the packages are listed and put
 * after them, so that a copied index lists nothing that wasn't copied. Throws REPOSITORY_UNKNOWN where there is nothing
 * of ours, and the faults of both stores.
 */
export async function copyImage(
  { clock }: { readonly clock: Pick<Clock, 'sleep'> },
  from: ImageStore,
  to: ImageStore,
  { hasKeys = true, onProgress, ...call }: CopyOptions = {},
): Promise<Copied> {
  const writer = createArtifactWriter({ clock });
  const has = new Set(await to.tags(call));
  const indexedUntil = createdUntil(await fetchIndexes(to, call));
  const indexes = await fetchIndexes(from, call);
  const tags = (await from.tags(call)).filter(
    (tag) => parsePackageTag(tag) !== undefined || parseSnapshotTag(tag) !== undefined || (hasKeys && isKeyTag(tag)),
  );
  // What is kept of the dead comes before the proof of their death: a copy that is done again doesn't take that for all of it.
  tags.sort((a, b) => rankOf(a) - rankOf(b));
  const total = tags.length + indexes.length;
  if (total === 0) throw new GatewayError('REPOSITORY_UNKNOWN', `${from.image} holds no packages`);
  let [done, unchanged, bytes] = [0, 0, 0];

  const copyLayers = async ({ layers }: ImageManifest) => {
    for (const layer of layers) if (await copyBlob(from, to, layer, call)) bytes += layer.size;
  };
  const put = async (tag: string, fetched: FetchedManifest) => {
    const manifest = ownManifest(fetched);
    if (manifest === undefined) return false;
    const document = fetched.bytes;
    await copyLayers(manifest);
    // A registry that refuses our type gets the document without it.
    const plain = () => formatManifest({ ...manifest, artifactType: undefined });
    await writer.put(to, tag, ({ artifactType }) => (artifactType ? document : plain()), call);
    return true;
  };
  const putFrom = async (tag: string) => {
    const fetched = await from.fetchManifest(tag, call);
    return fetched !== undefined && (await put(tag, fetched));
  };
  const advance = () => {
    done += 1;
    onProgress?.({ done, total, bytes });
  };

  // Before the packages, which may take hours: an index that is replaced meanwhile may be collected.
  for (const { fetched } of indexes) {
    const manifest = ownManifest(fetched);
    if (manifest !== undefined) await copyLayers(manifest);
  }
  const dead = new Set([...has, ...tags].filter((tag) => kindOf(tag) === 'tombstone').map(buriedBy));
  const maybeRevived: string[] = [];
  const skipped = new Set<string>();
  const copyTag = async (tag: string) => {
    const snapshot = parseSnapshotTag(tag);
    const grave = snapshot === undefined ? tombstoneOf(tag) : goneTag(snapshot);
    if (has.has(tag) || (has.has(grave) && kindOf(tag) !== 'barred')) unchanged += 1;
    else {
      // Deleted meanwhile, or nothing of ours: one odd answer doesn't say so.
      const isPut = (await putFrom(tag)) || (await putFrom(tag));
      if (!isPut) skipped.add(tag);
      if (isPut && kindOf(tag) === 'package' && !dead.has(tag) && tagStamp(tag) <= indexedUntil(tag))
        maybeRevived.push(tag);
    }
    advance();
  };
  const isRecord = (tag: string) => parseSnapshotTag(tag)?.kind === 'record';
  await inParallel(
    tags.filter((tag) => !isRecord(tag)),
    concurrency,
    copyTag,
  );
  // A snapshot is there from when its record is.
  await inParallel(tags.filter(isRecord), concurrency, copyTag);
  const leftIndexes: string[] = [];
  for (const { tag, fetched } of indexes) {
    const there = await to.resolve(tag, call);
    if (there === undefined) await put(tag, fetched);
    else if (there.digest === fetched.digest) unchanged += 1;
    else leftIndexes.push(tag);
    advance();
  }
  const copied = tags.filter((tag) => !skipped.has(tag));
  const countOf = (...kinds: readonly TagKind[]) =>
    copied.filter((tag) => kinds.some((kind) => kind === kindOf(tag))).length;
  return {
    packages: countOf('package'),
    tombstones: countOf('tombstone'),
    kept: countOf('kept', 'withdrawn'),
    keys: copied.filter(isKeyTag).length,
    indexes: indexes.length,
    ...{ unchanged, bytes, leftIndexes, maybeRevived },
  };
}

/**
 * Until when the indexes of an image know of packages of a tag's group, in milliseconds since 1970; of a group that has no index
 * of its own, as that of noarch packages, the youngest tells.
 */
function createdUntil(indexes: readonly Index[]): (tag: string) => number {
  const ofGroup = new Map<string | undefined, number>();
  for (const { tag, fetched } of indexes) {
    const annotations = ownManifest(fetched)?.annotations;
    const createdMs = Date.parse(annotations?.['org.opencontainers.image.created'] ?? '');
    if (!Number.isNaN(createdMs)) ofGroup.set(groupHashOfIndexTag(tag), createdMs);
  }
  const youngestMs = Math.max(-Infinity, ...ofGroup.values());
  return (tag) => ofGroup.get(peekTag(tag)?.groupHash) ?? youngestMs;
}

async function fetchIndexes(from: ImageStore, call: CallOptions): Promise<readonly Index[]> {
  const tags = (await from.tags(call)).filter((tag) => groupHashOfIndexTag(tag) !== undefined);
  let bytes = 0;
  const found = await inParallel(tags, concurrency, async (tag) => {
    const fetched = await from.fetchManifest(tag, call);
    bytes += fetched?.bytes.length ?? 0;
    if (bytes > maxIndexBytes) throw tooManyIndexes(from);
    return fetched && { tag, fetched };
  });
  return found.filter((one) => one !== undefined);
}

function tooManyIndexes({ image }: ImageStore): GatewayError {
  return new GatewayError('SIZE_EXCEEDED', `the index manifests of ${image} have more than ${maxIndexBytes} bytes`);
}

/** Whether a blob had to be copied. */
async function copyBlob(from: ImageStore, to: ImageStore, blob: BlobDescriptor, call: CallOptions): Promise<boolean> {
  if (await to.hasBlob(blob.digest, { ...call, size: blob.size })) return false;
  const upload = await to.startUpload(call);
  try {
    await upload.finish(
      { ...blob, open: () => Readable.from(chunksOf(from, blob, call), { objectMode: false }) },
      call,
    );
  } catch (error) {
    await upload.cancel();
    throw error;
  }
  return true;
}

async function* chunksOf(from: ImageStore, blob: BlobDescriptor, call: CallOptions): AsyncGenerator<Uint8Array> {
  const opened = await from.openBlob(blob, call);
  if (opened === undefined) {
    throw new GatewayError(
      'STORE_ANSWER_INVALID',
      `${from.image} misses the blob ${blob.digest} that a manifest names`,
    );
  }
  yield* opened.stream as AsyncIterable<Uint8Array>;
}

/** What a tag is for; undefined where it is none of a package's. */
function kindOf(tag: string): TagKind | undefined {
  return parsePackageTag(tag)?.kind;
}

/** That nobody may fetch something comes before what is kept of it. */
function rankOf(tag: string): number {
  const kind = kindOf(tag);
  if (kind === 'barred') return 0;
  return kind === 'kept' || kind === 'withdrawn' ? 1 : 2;
}

/** The manifest, if it has our form: what somebody else put under a tag like ours is none of our business. */
function ownManifest({ bytes }: FetchedManifest): ImageManifest | undefined {
  try {
    const manifest = parseManifest(bytes);
    return manifest.config.digest === emptyConfig().digest ? manifest : undefined;
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}
