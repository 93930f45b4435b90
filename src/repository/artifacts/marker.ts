import { isGatewayError } from '../../errors.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../oci/manifest.ts';
import type { ImageStore } from '../../store/store.ts';
import type { ArtifactProfile, ArtifactWriter, ProvenPut } from './artifact-writer.ts';

/** A tag that says something by being there. */
export interface Marker {
  readonly tag: string;
  readonly artifactType: string;
  /** No two tags may share a manifest: removing one by digest takes no other with it. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Its manifest; the artifactType is left out for registries that take only types they know. */
export function formatMarker({ artifactType, annotations }: Marker, profile: ArtifactProfile): Uint8Array {
  return formatManifest({
    artifactType: profile.artifactType ? artifactType : undefined,
    config: emptyConfig(emptyConfigType),
    layers: [emptyConfig(emptyConfigType)],
    annotations,
  });
}

/** Puts a marker. Where tags are written once, somebody else's, or one whose answer was lost, says the same. */
export async function putMarker(
  put: ArtifactWriter['put'] | ArtifactWriter['putProven'],
  image: ImageStore,
  marker: Marker,
  call: ProvenPut,
): Promise<void> {
  const { tag } = marker;
  await put(image, tag, (profile) => formatMarker(marker, profile), call).catch(async (error: unknown) => {
    if (!isGatewayError(error, 'TAG_IMMUTABLE') || (await image.resolve(tag, call)) === undefined) throw error;
  });
}
