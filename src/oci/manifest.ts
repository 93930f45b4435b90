import * as z from 'zod';
import { GatewayError } from '../errors.ts';
import { annotationsSchema, descriptorSchema, mediaTypeSchema, type Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { parseJson } from './json.ts';

/** The most bytes a manifest may have: what every registry takes (distribution-spec, Pushing manifests). */
export const maxManifestBytes = 4 * 1024 * 1024;

/** The media type of an image manifest (image-spec, Image Manifest). */
export const imageManifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The media type of a config that says nothing (image-spec, Guidance for an empty descriptor). */
export const emptyConfigType = 'application/vnd.oci.empty.v1+json';

/** An image manifest (image-spec, Image Manifest), without what this program neither reads nor writes (`subject`). */
export interface ImageManifest {
  readonly artifactType?: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(imageManifestType).optional(),
  artifactType: mediaTypeSchema.optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(4096),
  annotations: annotationsSchema.default({}),
});

/** The content of a config that says nothing, `{}`; made again each time, so that nobody can alter another's. */
export function emptyConfigBytes(): Uint8Array {
  return new Uint8Array([0x7b, 0x7d]);
}

/** The descriptor of `{}`. `mediaType` may be another one, for registries that know only image configs. */
export function emptyConfig(mediaType: string = emptyConfigType): Descriptor {
  const digest: Digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
  return { mediaType, digest, size: 2 };
}

/** The bytes of an image manifest: always with its own `mediaType`, without which ECR refuses it. */
export function formatManifest(manifest: ImageManifest): Uint8Array {
  const { artifactType, config, layers, annotations } = manifest;
  const document = { schemaVersion: 2, mediaType: imageManifestType, artifactType, config, layers, annotations };
  return Buffer.from(JSON.stringify(document));
}

/** The image manifest that `bytes` hold. Throws STORE_ANSWER_INVALID or SIZE_EXCEEDED where they hold none. */
export function parseManifest(bytes: Uint8Array): ImageManifest {
  if (bytes.length > maxManifestBytes) {
    throw new GatewayError(
      'SIZE_EXCEEDED',
      `a manifest of ${bytes.length} bytes, at most ${maxManifestBytes} are read`,
    );
  }
  const document = parseJson(bytes);
  if (document === undefined) throw invalidManifest('it is not JSON');
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) throw invalidManifest(describe(parsed.error), parsed.error);
  const { artifactType, config, layers, annotations } = parsed.data;
  return { artifactType, config, layers, annotations };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'it is none' : `${issue.path.join('.')}: ${issue.message}`;
}

function invalidManifest(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('STORE_ANSWER_INVALID', `not an image manifest: ${reason}`, { cause });
}
