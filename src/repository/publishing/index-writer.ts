import { signatureMember } from '../../apk/index/signature-member.ts';
import type { Signature } from '../../apk/signature.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { RandomBytes } from '../../ports.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { formatIndexManifest } from '../index/index-manifest.ts';
import { contentPieces, layersOfContent, v3Pieces, withFreshRuns, type IndexContent } from '../index/index-content.ts';
import type { IndexRun, Part } from '../index/index-run.ts';
import { inlineRuns } from '../index/inline-runs.ts';
import { formatV3Signatures, v3Signed } from '../index/v3-signatures.ts';
import type { Look } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import { isDamaged, type StoredIndex, type StoredIndexes } from '../index/stored-index.ts';
import type { ImmutableIndexes } from './immutable-indexes.ts';
import type { OpenedUploads } from './opened-uploads.ts';

/** Signatures of an index's content member by each of the keys, in their order. */
export type SignIndex = (pieces: readonly Uint8Array[], keys: readonly SigningKey[]) => Promise<readonly Signature[]>;

/** Layers at a time. */
const concurrency = 4;
/** So often layers are uploaded whose upload didn't help. */
const maxAttempts = 3;

export interface IndexWriterDeps {
  readonly artifacts: ArtifactWriter;
  readonly sign: SignIndex;
  readonly signingKeys: SigningKeys;
  readonly storedIndexes: StoredIndexes;
  readonly immutable: ImmutableIndexes;
  readonly clock: MonotonicClock;
  readonly stamp: () => Stamp;
  readonly random: RandomBytes;
  /** So many bytes of runs a manifest holds itself. */
  readonly maxInlineBytes: number;
  /** Called with each index that was put. */
  readonly onPut: (group: Group, stored: StoredIndex) => void;
}

/**
 * Puts the index of a group as a look says it should be, signed: first the layers that the one before it doesn't name, then the
 * manifest. Returns what was put; whether the tag names it then, the next look tells. Throws TAG_IMMUTABLE, and the store's faults.
 */
export type PutIndex = (image: ImageStore, group: Group, seen: Look, call: PutOptions) => Promise<StoredIndex>;

export interface PutOptions extends CallOptions {
  /** Sessions for its layers. */
  readonly uploads?: OpenedUploads | undefined;
}

export function createIndexWriter(deps: IndexWriterDeps): PutIndex {
  return async (image, group, seen, { uploads, ...call }) => {
    const sinceMs = deps.clock.monotonicMs();
    const before = seen.stored.get(group.architecture);
    const signers = before?.signatures.map(({ keyName }) => keyName);
    const keys = await deps.signingKeys.ofImageForWriting(image, { ...call, signers });
    const wanted = seen.content(group.architecture);
    const putAnew = async () => {
      const content = await uploadAnew(image, wanted, call);
      const signed = await signContent(deps, group, content, keys);
      return await putIndex(deps, image, group, { ...signed, inline: new Set() }, call);
    };
    const put = async () => {
      if (before !== undefined && isDamaged(before)) return await putAnew();
      const inline = inlineRuns(wanted, before, deps.maxInlineBytes);
      const missing = layersOfContent(wanted, inline).filter(({ digest }) => before?.blobs.has(digest) !== true);
      // A signature takes as long as some requests.
      const [signed] = await Promise.all([
        signContent(deps, group, wanted, keys),
        upload(image, missing, call, uploads),
      ]);
      return await putIndex(deps, image, group, { ...signed, inline }, call);
    };
    const stored = await deps.immutable.noting(
      group.image,
      put().catch((error: unknown) => {
        // Collected meanwhile: what was just read is no proof that it is still there.
        if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
        return putAnew();
      }),
    );
    deps.storedIndexes.remember(group, keys, { stored, sinceMs });
    deps.onPut(group, stored);
    return stored;
  };
}

/** Uploads all layers of some content that the registry can't deliver, whatever it claims; the content as it can deliver it. */
async function uploadAnew(image: ImageStore, wanted: IndexContent, call: CallOptions): Promise<IndexContent> {
  let content = wanted;
  let missing = layersOfContent(wanted);
  for (let attempt = 1; ; attempt++) {
    await upload(image, missing, call);
    const lost = new Set<Part>();
    await inParallel(missing, concurrency, async (layer) => {
      const { digest, bytes } = layer;
      if (!(await image.isReadable({ digest, size: bytes.length }, call))) lost.add(layer);
    });
    if (lost.size === 0) return content;
    if (attempt === maxAttempts) {
      throw new GatewayError('STORE_UNAVAILABLE', `${image.image} takes index layers and can't deliver them`);
    }
    content = withFreshRuns(content, (part) => lost.has(part));
    missing = layersOfContent(content).filter((layer) => !missing.includes(layer));
  }
}

/** Without asking whether they are there: of what a registry claims to have a collection may have taken the bytes. */
async function upload(
  image: ImageStore,
  layers: readonly Part[],
  call: CallOptions,
  uploads?: OpenedUploads,
): Promise<void> {
  await inParallel(layers, concurrency, async ({ bytes }) => {
    if (uploads === undefined) await image.pushBlob(bytes, { ...call, isAnew: true });
    else await uploads.upload(image, bytes, call);
  });
}

interface SignedContent {
  readonly content: IndexContent;
  readonly pieces: readonly Uint8Array[];
  readonly signatures: readonly Signature[];
  readonly v3Signatures: Uint8Array | undefined;
}

async function signContent(
  { sign }: IndexWriterDeps,
  group: Group,
  content: IndexContent,
  keys: readonly SigningKey[],
): Promise<SignedContent> {
  const pieces = contentPieces(content);
  const v3 = v3Pieces(content);
  const [signatures, v3Signatures] = await Promise.all([
    sign(pieces, keys),
    v3.length === 0 ? [] : sign(v3Signed(group, v3), keys),
  ]);
  return { content, pieces, signatures, v3Signatures: formatV3Signatures(v3Signatures) };
}

/** Puts the manifest of content whose layers are there; the version as it is read then. */
async function putIndex(
  { artifacts, stamp, random }: IndexWriterDeps,
  image: ImageStore,
  group: Group,
  { content, pieces, signatures, v3Signatures, inline }: SignedContent & { readonly inline: ReadonlySet<IndexRun> },
  call: CallOptions,
): Promise<StoredIndex> {
  const signedHead = Buffer.concat([signatureMember(signatures), content.head]);
  const createdMs = stamp();
  const nonce = Buffer.from(random(12)).toString('hex');
  const format = (profile: { artifactType: boolean }) =>
    formatIndexManifest({ group, createdMs, signedHead, v3Signatures, content, inline }, nonce, profile);
  // Once: a first try that lands late would bring back a digest that replicas have compared, after another took its place.
  const manifestDigest = await artifacts.put(image, indexTag(group), format, { ...call, isOnce: true });
  const blobs = new Set(layersOfContent(content, inline).map(({ digest }) => digest));
  return {
    manifestDigest,
    createdMs,
    signatures,
    content,
    claimed: () => content,
    pieces,
    v3Pieces: v3Pieces(content),
    blobs,
  };
}

/** Whether an index that lists the right set should be put again: where this replica holds every key that signed, and one more. */
export function wantsSignatures(seen: Look, architecture: string): boolean {
  const stored = seen.stored.get(architecture);
  if (stored?.content === undefined) return false;
  const signers = new Set(stored.signatures.map((signature) => signature.keyName));
  const own = new Set(seen.keys.map((key) => key.fileName));
  return [...signers].every((signer) => own.has(signer)) && own.size > signers.size;
}
