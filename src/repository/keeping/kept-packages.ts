import { inParallel } from '../../concurrency/in-parallel.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { formatKeptManifest, parseKeptManifest, type KeptPackage } from '../artifacts/kept-package.ts';
import { readArtifact } from '../artifacts/read-artifact.ts';
import { contentKeyOf, peekKind } from '../artifacts/package-tag.ts';
import { putBar } from './bars.ts';

/** Manifests that are read at a time. */
const concurrency = 8;

/**
 * Keeps a package beyond its tag's death. Returns whether that was possible: where the registry lost its bytes there is nothing
 * to keep.
 */
export async function putKept(
  artifacts: ArtifactWriter,
  image: ImageStore,
  kept: KeptPackage,
  call: CallOptions,
): Promise<boolean> {
  try {
    await artifacts.put(image, kept.tag, (profile) => formatKeptManifest(kept, profile), call);
    return true;
  } catch (error) {
    if (isGatewayError(error, 'BLOB_UNKNOWN')) return false;
    // Where tags are written once, the first word on this package stands.
    if (isGatewayError(error, 'TAG_IMMUTABLE') && (await image.resolve(kept.tag, call)) !== undefined) return true;
    throw error;
  }
}

/** Ends what a tag keeps: nobody fetches or restores it any more. Where tags can't be removed it says so itself. */
export async function dropKept(
  artifacts: ArtifactWriter,
  image: ImageStore,
  tag: string,
  call: CallOptions,
): Promise<void> {
  try {
    await image.deleteTag(tag, call);
  } catch (error) {
    if (!isGatewayError(error, 'DELETE_UNSUPPORTED')) throw error;
    // Twice: one odd answer is no proof that nothing is there.
    const read = (await readKept(image, tag, call)) ?? (await readKept(image, tag, call));
    if (read === undefined || isEnded(read.kept)) return;
    const { kept, digest } = read;
    const { by, at } = kept.keeping;
    const ended: KeptPackage = { ...kept, keeping: { why: 'deleted', by, at } };
    await artifacts
      .putProven(image, tag, (profile) => formatKeptManifest(ended, profile), { ...call, before: digest })
      .catch(async (refusal: unknown) => {
        // Where tags are written once too, nobody may be told that a withdrawal is over.
        if (!isGatewayError(refusal, 'TAG_IMMUTABLE')) throw refusal;
        if (kept.keeping.why === 'withdrawn') throw staysWithdrawn(kept, refusal);
        await putBar(artifacts, image, tag, call);
      });
  }
}

function staysWithdrawn({ pkg: { architecture, fileName } }: KeptPackage, cause: unknown): GatewayError {
  const message = `${architecture}/${fileName} stays withdrawn: the registry neither removes nor replaces its tag`;
  return new GatewayError('TAG_IMMUTABLE', message, { details: { file: fileName }, cause });
}

/** Whether nobody can fetch or restore it. */
export function isEnded({ keeping }: KeptPackage): boolean {
  return keeping.why === 'deleted' && keeping.fetchableUntil === undefined;
}

/** What a tag keeps, read anew, and in which version: it may have been ended meanwhile. Undefined where it keeps nothing. */
export async function readKept(
  image: ImageStore,
  tag: string,
  call: CallOptions,
): Promise<{ readonly digest: Digest; readonly kept: KeptPackage } | undefined> {
  const read = await readArtifact(image, tag, (bytes) => parseKeptManifest(tag, bytes), call);
  return read && { digest: read.digest, kept: read.value };
}

/** What these tags keep, several at a time. */
export async function readAllKept(
  image: ImageStore,
  tags: readonly string[],
  call: CallOptions,
): Promise<readonly KeptPackage[]> {
  const read = await inParallel(tags, concurrency, (tag) => readKept(image, tag, call));
  return read.flatMap((one) => (one === undefined ? [] : [one.kept]));
}

/** Those of some tags that stand for withdrawn packages, the newest of each content. */
export function withdrawnTags(tags: readonly string[]): readonly string[] {
  return [...newestOfEachContent(tags.filter((tag) => peekKind(tag) === 'withdrawn'))];
}

/** Of tags of one content one is enough to keep: the newest, whose word counts before older ones. */
export function newestOfEachContent(tags: readonly string[]): ReadonlySet<string> {
  const newest = new Map<string, string>();
  for (const tag of tags) {
    const key = contentKeyOf(tag);
    if (tag > (newest.get(key) ?? '')) newest.set(key, tag);
  }
  return new Set(newest.values());
}
