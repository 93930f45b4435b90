import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { readBlob } from '../../store/read-blob.ts';
import type { BlobDescriptor, CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { formatKeyManifest, imageKeyFileName, keyTagOf, parseKeyManifest, type KeyLayers } from './key-artifact.ts';
import type { KeySeal, SealedFacts } from './key-seal.ts';
import { keyIdOf, parsePrivateKey, publicPemOf, signingKeyOf } from './signing-key.ts';
import type { SigningKey } from './signing-keys.ts';

/** A signing key found under its tag. */
export interface ImageKey extends SealedFacts {
  readonly tag: string;
  readonly key: SigningKey;
}

interface Halves {
  readonly publicPem: string;
  readonly sealedPrivateKey: string;
}

/** What a key tag's manifest holds: a key; one that this gateway can't open; or nothing that counts. */
export type KeyTagContent = ImageKey | 'locked' | 'foreign';

/**
 * Reads a key tag. A key counts only if this gateway's seal opens it and it fits its public half, its tag and this image:
 * anyone who may push can put a tag there. What isn't a key at all, or was made for another image, is `foreign`; undefined
 * where the tag isn't there.
 */
export async function readKeyTag(
  store: ImageStore,
  seal: KeySeal,
  tag: string,
  options?: CallOptions,
): Promise<{ readonly digest: Digest; readonly content: KeyTagContent } | undefined> {
  const manifest = await store.fetchManifest(tag, options);
  if (manifest === undefined) return undefined;
  const layers = parseKeyManifest(manifest.bytes);
  const halves = layers && (await readHalves(store, layers, options));
  const content = halves === undefined ? 'foreign' : await openHalves(seal, halves, tag, store.image);
  return { digest: manifest.digest, content };
}

async function openHalves(seal: KeySeal, halves: Halves, tag: string, image: string): Promise<KeyTagContent> {
  const opened = await seal.open(halves.sealedPrivateKey);
  if (opened === undefined) return 'locked';
  const key = parseOpened(opened.text, opened.facts, image);
  if (key === undefined || keyTagOf(opened.facts.keyId) !== tag) return 'foreign';
  return publicPemOf(key) === halves.publicPem ? { ...opened.facts, tag, key } : 'foreign';
}

/** So often a key is uploaded whose blobs the registry then says it misses. */
const maxAttempts = 2;

/**
 * Puts a private key under a tag of its own, sealed, and sees that it is there: what it signs is trusted for years. Throws the
 * store's faults.
 */
export async function pushKeyTag(
  { seal, artifacts }: { readonly seal: KeySeal; readonly artifacts: ArtifactWriter },
  image: ImageStore,
  { key, madeAtMs }: { readonly key: SigningKey; readonly madeAtMs: number },
  options?: CallOptions,
): Promise<ImageKey> {
  const facts = { keyId: keyIdOf(key.publicKey), image: image.image, madeAt: Math.floor(madeAtMs / 1000) };
  const privatePem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sealed = await seal.seal(privatePem, facts);
  const tag = keyTagOf(facts.keyId);
  for (let attempt = 1; ; attempt += 1) {
    const layers = {
      publicPem: await image.pushBlob(Buffer.from(publicPemOf(key)), options),
      sealedPrivateKey: await image.pushBlob(Buffer.from(sealed), options),
    };
    try {
      const { fileName } = key;
      await artifacts.putProven(image, tag, (form) => formatKeyManifest({ fileName, madeAtMs, layers }, form), options);
      return { ...facts, tag, key };
    } catch (error) {
      // A collection may have taken what was just uploaded.
      if (!isGatewayError(error, 'BLOB_UNKNOWN') || attempt === maxAttempts) throw error;
    }
  }
}

function parseOpened(privatePem: string, facts: SealedFacts, image: string): SigningKey | undefined {
  if (facts.image !== image) return undefined;
  try {
    const key = signingKeyOf(parsePrivateKey(privatePem, 'in the image'), (id) => imageKeyFileName(image, id));
    return keyIdOf(key.publicKey) === facts.keyId ? key : undefined;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

async function readHalves(store: ImageStore, layers: KeyLayers, options?: CallOptions): Promise<Halves | undefined> {
  const [publicPem, sealedPrivateKey] = await Promise.all([
    readText(store, layers.publicPem, options),
    readText(store, layers.sealedPrivateKey, options),
  ]);
  if (publicPem === undefined || sealedPrivateKey === undefined) return undefined;
  return { publicPem, sealedPrivateKey };
}

/** Far more than a key has; anybody who may push can put anything there. */
const maxKeyBytes = 64 * 1024;

async function readText(store: ImageStore, blob: BlobDescriptor, options?: CallOptions): Promise<string | undefined> {
  const bytes = blob.size > maxKeyBytes ? undefined : await readBlob(store, blob, maxKeyBytes, options);
  return bytes && Buffer.from(bytes).toString();
}
