import { signatureMember } from '../../apk/index/signature-member.ts';
import type { Signature } from '../../apk/signature.ts';
import { isGatewayError } from '../../errors.ts';
import { digestOf } from '../../oci/digest.ts';
import type { RandomBytes } from '../../ports.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { formatIndexManifest } from '../index/index-manifest.ts';
import { contentPieces, type IndexContent } from '../index/index-content.ts';
import type { Look } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { SigningKey } from '../keys/signing-keys.ts';
import type { StoredIndex } from '../index/stored-index.ts';

/** Signatures of an index's content member by each of the keys, in their order. */
export type SignIndex = (pieces: readonly Uint8Array[], keys: readonly SigningKey[]) => Promise<readonly Signature[]>;

export interface IndexWriterDeps {
  readonly artifacts: ArtifactWriter;
  readonly sign: SignIndex;
  readonly stamp: () => Stamp;
  readonly random: RandomBytes;
}

/**
 * Puts an index under its group's tag: signs it, uploads the layers that `before` doesn't name, then the manifest. Returns
 * what the registry has now, unless somebody else's put came after.
 */
export async function putIndex(
  deps: IndexWriterDeps,
  image: ImageStore,
  group: Group,
  index: {
    readonly content: IndexContent;
    readonly before: StoredIndex | undefined;
    readonly keys: readonly SigningKey[];
  },
  options: CallOptions = {},
): Promise<StoredIndex> {
  const { content, before, keys } = index;
  const pieces = contentPieces(content);
  const signatures = await deps.sign(pieces, keys);
  const signedHead = Buffer.concat([signatureMember(signatures), content.head]);
  const createdMs = deps.stamp();
  const nonce = Buffer.from(deps.random(12)).toString('hex');
  const layers = [signedHead, ...content.runs.flatMap((run) => [run.part, run.details]), content.tail].map(asLayer);
  const upload = async (known: ReadonlySet<string>) => {
    const missing = layers.filter((layer) => !known.has(layer.digest));
    await inParallel(missing, 4, (layer) => image.pushBlob(layer.bytes, options));
    const format = (profile: { artifactType: boolean }) =>
      formatIndexManifest({ group, createdMs, signedHead, content }, nonce, profile);
    // Once: a first try that lands late would bring back a digest that replicas have compared, after another took its place.
    return await deps.artifacts.put(image, indexTag(group), format, { ...options, isOnce: true });
  };
  const manifestDigest = await upload(before?.blobs ?? new Set()).catch(async (error: unknown) => {
    // Collected meanwhile: what was just read is no proof that it is still there.
    if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
    return await upload(new Set());
  });
  const blobs = new Set(layers.map((layer) => layer.digest));
  return { manifestDigest, createdMs, signatures, content, pieces, blobs };
}

/** Whether an index that lists the right set should be put again: where this replica holds every key that signed, and one more. */
export function wantsSignatures(seen: Look, architecture: string): boolean {
  const stored = seen.stored.get(architecture);
  if (stored?.content === undefined) return false;
  const signers = new Set(stored.signatures.map((signature) => signature.keyName));
  const own = new Set(seen.keys.map((key) => key.fileName));
  return [...signers].every((signer) => own.has(signer)) && own.size > signers.size;
}

function asLayer(layer: Uint8Array | { readonly bytes: Uint8Array; readonly digest: ReturnType<typeof digestOf> }) {
  return layer instanceof Uint8Array ? { bytes: layer, digest: digestOf(layer) } : layer;
}
