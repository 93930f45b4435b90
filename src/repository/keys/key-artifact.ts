import { GatewayError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { BlobDescriptor } from '../../store/store.ts';
import { formatArtifact, type ArtifactProfile } from '../artifacts/format-artifact.ts';

/** The artifactType of a signing key's manifest; left out for registries that take only types they know. */
const keyArtifactType = 'application/vnd.lkard.apk.key.v1';

const publicLayerType = 'application/x-pem-file';
const privateLayerType = 'application/jose';
const createdAnnotation = 'org.opencontainers.image.created';
const titleAnnotation = 'org.opencontainers.image.title';
const keyTagPattern = /^key-([0-9a-f]{8})$/;
// So that `.SIGN.RSA256.<file name>` fits the 100 bytes of a ustar header's name.
const maxImageLength = 64;
const maxPublicBytes = 16 * 1024;
const maxPrivateBytes = 64 * 1024;

/** The two halves of a signing key in an image: the public one as PEM, the private one as a JWE. */
export interface KeyLayers {
  readonly publicPem: BlobDescriptor;
  readonly sealedPrivateKey: BlobDescriptor;
}

/** The tag of a key: found from its file name too, where a listing doesn't show it yet. */
export function keyTagOf(keyId: string): string {
  return `key-${keyId.slice(0, 8)}`;
}

/** Whether a tag of this form may hold a signing key. */
export function isKeyTag(tag: string): boolean {
  return keyTagPattern.test(tag);
}

/** The file name that clients install the public half of an image's key under. */
export function imageKeyFileName(image: string, keyId: string): string {
  return `${imageKeyPrefix(image)}${keyId.slice(0, 8)}.rsa.pub`;
}

/** The tag of the key that clients know under `fileName`, or undefined where no key of this image is named so. */
export function keyTagOfFileName(image: string, fileName: string): string | undefined {
  const prefix = imageKeyPrefix(image);
  if (!fileName.startsWith(prefix) || !fileName.endsWith('.rsa.pub')) return undefined;
  const tag = `key-${fileName.slice(prefix.length, -'.rsa.pub'.length)}`;
  return isKeyTag(tag) ? tag : undefined;
}

/** The manifest of a key. */
export function formatKeyManifest(
  key: { readonly fileName: string; readonly madeAtMs: number; readonly layers: KeyLayers },
  profile: ArtifactProfile,
): Uint8Array {
  const { publicPem, sealedPrivateKey } = key.layers;
  const layers = [
    { mediaType: publicLayerType, ...publicPem, annotations: { [titleAnnotation]: key.fileName } },
    { mediaType: privateLayerType, ...sealedPrivateKey },
  ];
  const annotations = { [createdAnnotation]: new Date(key.madeAtMs).toISOString() };
  return formatArtifact(keyArtifactType, { layers, annotations }, profile);
}

/** The layers of a key's manifest, or undefined where it is something else: anyone who may push can tag anything so. */
export function parseKeyManifest(bytes: Uint8Array): KeyLayers | undefined {
  try {
    const [publicPem, sealedPrivateKey, ...others] = parseManifest(bytes).layers;
    if (publicPem === undefined || sealedPrivateKey === undefined || others.length > 0) return undefined;
    const isKey =
      isLayer(publicPem, publicLayerType, maxPublicBytes) &&
      isLayer(sealedPrivateKey, privateLayerType, maxPrivateBytes);
    return isKey ? { publicPem, sealedPrivateKey } : undefined;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function isLayer(layer: Descriptor, mediaType: string, maxBytes: number): boolean {
  return layer.mediaType === mediaType && layer.size <= maxBytes;
}

function imageKeyPrefix(image: string): string {
  return `${image.replaceAll('/', '-').slice(0, maxImageLength)}-`;
}
