import { isGatewayError } from '../../errors.ts';
import type { ImageStore } from '../../store/store.ts';
import type { ArtifactWriter, ProvenPut } from './artifact-writer.ts';
import { formatArtifact, type ArtifactProfile } from './format-artifact.ts';

/** A tag that says something by being there. */
export interface Marker {
  readonly tag: string;
  readonly artifactType: string;
  /** No two tags may share a manifest: removing one by digest takes no other with it. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Puts a marker. Where tags are written once, somebody else's, or one whose answer was lost, says the same. */
export async function putMarker(
  put: ArtifactWriter['put'] | ArtifactWriter['putProven'],
  image: ImageStore,
  { tag, artifactType, annotations }: Marker,
  call: ProvenPut,
): Promise<void> {
  const format = (profile: ArtifactProfile) => formatArtifact(artifactType, { layers: [], annotations }, profile);
  await put(image, tag, format, call).catch(async (error: unknown) => {
    if (!isGatewayError(error, 'TAG_IMMUTABLE') || (await image.resolve(tag, call)) === undefined) throw error;
  });
}
