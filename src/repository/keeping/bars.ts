import { isGatewayError } from '../../errors.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { barOf } from '../artifacts/package-tag.ts';

/** The artifactType of what says that nobody fetches what a dead tag held. */
export const barArtifactType = 'application/vnd.lkard.apk.barred.v1';

/**
 * Says for good that nobody fetches what a package tag held, or what a tag beside it keeps, now or when somebody keeps it later:
 * a deletion that is under way beside may put what it keeps after all. Works where tags are written once and never removed.
 */
export async function putBar(
  artifacts: ArtifactWriter,
  image: ImageStore,
  tag: string,
  call: CallOptions,
): Promise<void> {
  const bar = barOf(tag);
  await artifacts
    .put(image, bar, ({ artifactType }) => formatBar(bar, artifactType), call)
    .catch(async (error: unknown) => {
      if (!isGatewayError(error, 'TAG_IMMUTABLE') || (await image.resolve(bar, call)) === undefined) throw error;
    });
}

/** Whether that was said, asked by name: no listing decides. */
export async function isBarred(image: ImageStore, tag: string, call: CallOptions): Promise<boolean> {
  return (await image.resolve(barOf(tag), call)) !== undefined;
}

function formatBar(tag: string, artifactType: boolean): Uint8Array {
  return formatManifest({
    artifactType: artifactType ? barArtifactType : undefined,
    config: emptyConfig(emptyConfigType),
    layers: [emptyConfig(emptyConfigType)],
    // No two tags share a manifest: removing one by digest takes no other with it.
    annotations: { 'lkard.apk.tag': tag },
  });
}
