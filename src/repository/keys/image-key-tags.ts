import { GatewayError, isGatewayError } from '../../errors.ts';
import { emptyConfig, emptyConfigBytes, imageManifestType } from '../../oci/manifest.ts';
import type { Digest } from '../../oci/digest.ts';
import { readBlob } from '../../store/read-blob.ts';
import type { BlobDescriptor, CallOptions, ImageStore } from '../../store/store.ts';
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
const maxAttempts = 4;

/** Puts a private key under a tag of its own, sealed. Throws the store's faults. */
export async function pushKeyTag(
  store: ImageStore,
  seal: KeySeal,
  made: { readonly key: SigningKey; readonly madeAtMs: number },
  options?: CallOptions,
): Promise<ImageKey> {
  const { key, madeAtMs } = made;
  const facts = { keyId: keyIdOf(key.publicKey), image: store.image, madeAt: Math.floor(madeAtMs / 1000) };
  const privatePem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sealed = await seal.seal(privatePem, facts);
  const tag = keyTagOf(facts.keyId);
  const upload = async () => {
    // Registries that keep files rewrite a blob's link in place: what is there is left alone.
    if (!(await store.hasBlob(emptyConfig().digest, options))) await store.pushBlob(emptyConfigBytes(), options);
    const layers = {
      publicPem: await store.pushBlob(Buffer.from(publicPemOf(key)), options),
      sealedPrivateKey: await store.pushBlob(Buffer.from(sealed), options),
    };
    const format = (artifactType: boolean) =>
      formatKeyManifest({ fileName: key.fileName, madeAtMs, layers }, { artifactType });
    await pushInSomeForm(store, tag, format, options);
  };
  await untilBlobsAreKnown(upload);
  return { ...facts, tag, key };
}

/**
 * Another gateway may be uploading the very same config, or a collection have taken what was just uploaded: then all of it is
 * uploaded again.
 */
async function untilBlobsAreKnown(upload: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await upload();
      return;
    } catch (error) {
      if (!isGatewayError(error, 'BLOB_UNKNOWN') || attempt === maxAttempts) throw error;
    }
  }
}

async function pushInSomeForm(
  store: ImageStore,
  tag: string,
  format: (artifactType: boolean) => Uint8Array,
  options?: CallOptions,
): Promise<void> {
  try {
    await store.pushManifest(tag, { mediaType: imageManifestType, bytes: format(true) }, options);
  } catch (error) {
    // GitLab refuses artifact types that it doesn't know.
    if (!isGatewayError(error, 'STORE_ANSWER_INVALID') || error.details['refused'] !== true) throw error;
    await store.pushManifest(tag, { mediaType: imageManifestType, bytes: format(false) }, options);
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
