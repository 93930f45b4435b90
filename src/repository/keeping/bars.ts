import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { putMarker } from '../artifacts/marker.ts';
import { barOf } from '../artifacts/package-tag.ts';

/** The artifactType of what says that nobody fetches what a dead tag held. */
const barArtifactType = 'application/vnd.lkard.apk.barred.v1';

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
  const marker = { tag: bar, artifactType: barArtifactType, annotations: { 'lkard.apk.tag': bar } };
  await putMarker(artifacts.putProven, image, marker, call);
}

/** Whether that was said, asked by name: no listing decides. */
export async function isBarred(image: ImageStore, tag: string, call: CallOptions): Promise<boolean> {
  return (await image.resolve(barOf(tag), call)) !== undefined;
}
