import { signatureMember } from '../../apk/index/signature-member.ts';
import type { Signature } from '../../apk/signature.ts';
import { isGatewayError } from '../../errors.ts';
import type { RandomBytes } from '../../ports.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { formatIndexManifest } from '../index/index-manifest.ts';
import { contentPieces, v3Pieces, type IndexContent } from '../index/index-content.ts';
import { formatV3Signatures, v3Signed } from '../index/v3-signatures.ts';
import type { Look } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import type { StoredIndex, StoredIndexes } from '../index/stored-index.ts';
import type { ImmutableIndexes } from './immutable-indexes.ts';

/** Signatures of an index's content member by each of the keys, in their order. */
export type SignIndex = (pieces: readonly Uint8Array[], keys: readonly SigningKey[]) => Promise<readonly Signature[]>;

export interface IndexWriterDeps {
  readonly artifacts: ArtifactWriter;
  readonly sign: SignIndex;
  readonly signingKeys: SigningKeys;
  readonly storedIndexes: StoredIndexes;
  readonly immutable: ImmutableIndexes;
  readonly stamp: () => Stamp;
  readonly random: RandomBytes;
  /** Called with each index that was put. */
  readonly onPut: (group: Group, stored: StoredIndex) => void;
}

/**
 * Puts the index of a group as a look says it should be, signed: first the layers that the one before it doesn't name, then the
 * manifest. Throws TAG_IMMUTABLE, and the store's faults.
 */
export type PutIndex = (image: ImageStore, group: Group, seen: Look, call: CallOptions) => Promise<void>;

export function createIndexWriter(deps: IndexWriterDeps): PutIndex {
  return async (image, group, seen, call) => {
    const before = seen.stored.get(group.architecture);
    const signers = before?.signatures.map(({ keyName }) => keyName);
    const keys = await deps.signingKeys.ofImageForWriting(image, { ...call, signers });
    const put = putIndex(deps, image, group, { content: seen.content(group.architecture), before, keys }, call);
    const stored = await deps.immutable.noting(group.image, put);
    deps.storedIndexes.remember(group, keys, stored);
    deps.onPut(group, stored);
  };
}

/** What the registry has now, unless somebody else's put came after. */
async function putIndex(
  { artifacts, sign, stamp, random }: IndexWriterDeps,
  image: ImageStore,
  group: Group,
  index: {
    readonly content: IndexContent;
    readonly before: StoredIndex | undefined;
    readonly keys: readonly SigningKey[];
  },
  call: CallOptions,
): Promise<StoredIndex> {
  const { content, before, keys } = index;
  const pieces = contentPieces(content);
  const v3 = v3Pieces(content);
  const signatures = await sign(pieces, keys);
  const v3Signatures = formatV3Signatures(v3.length === 0 ? [] : await sign(v3Signed(group, v3), keys));
  const signedHead = Buffer.concat([signatureMember(signatures), content.head]);
  const createdMs = stamp();
  const nonce = Buffer.from(random(12)).toString('hex');
  const layers = content.runs.flatMap((run) => [run.part, run.details]);
  const upload = async (known: ReadonlySet<string>) => {
    const missing = layers.filter(({ digest }) => !known.has(digest));
    await inParallel(missing, 4, ({ bytes }) => image.pushBlob(bytes, call));
    const format = (profile: { artifactType: boolean }) =>
      formatIndexManifest({ group, createdMs, signedHead, v3Signatures, content }, nonce, profile);
    // Once: a first try that lands late would bring back a digest that replicas have compared, after another took its place.
    return await artifacts.put(image, indexTag(group), format, { ...call, isOnce: true });
  };
  const manifestDigest = await upload(before?.blobs ?? new Set()).catch(async (error: unknown) => {
    // Collected meanwhile: what was just read is no proof that it is still there.
    if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
    return await upload(new Set());
  });
  const blobs = new Set(layers.map(({ digest }) => digest));
  return { manifestDigest, createdMs, signatures, content, pieces, v3Pieces: v3, blobs };
}

/** Whether an index that lists the right set should be put again: where this replica holds every key that signed, and one more. */
export function wantsSignatures(seen: Look, architecture: string): boolean {
  const stored = seen.stored.get(architecture);
  if (stored?.content === undefined) return false;
  const signers = new Set(stored.signatures.map((signature) => signature.keyName));
  const own = new Set(seen.keys.map((key) => key.fileName));
  return [...signers].every((signer) => own.has(signer)) && own.size > signers.size;
}
