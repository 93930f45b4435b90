import { isGatewayError } from '../../errors.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { BlobUpload } from '../../store/store.ts';
import { formatPackageManifest } from '../artifacts/package-manifest.ts';
import { newPackageTag } from '../artifacts/package-tag.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { StagedPackage } from '../service/publishing.ts';
import type { PushedFile } from './publish.ts';
import type { Work } from './work.ts';

/** Files of one push at a time. */
const concurrency = 4;

/**
 * Puts every file under a fresh tag: all layers, then all manifests. `first` is a session for one of the layers. Where a
 * manifest can't be put all tags are buried again. That one too: it may land after its time-out, and would then be a rival of
 * the retry that nobody answers for.
 */
export async function putFiles(
  work: Work,
  first: BlobUpload,
  files: readonly PushedFile[],
): Promise<readonly LiveTag[]> {
  await inParallel([...files.entries()], concurrency, async ([i, { staged }]) => {
    await upload(work, i === 0 ? first : await startUpload(work), staged, false);
  });
  work.time.renew();
  const begun: string[] = [];
  try {
    return await inParallel(files, concurrency, async (file) => {
      const { pkg } = file;
      const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
      const tag = newPackageTag(groupOf(work, file), names, work.stamp(), work.random);
      begun.push(tag);
      await putManifest(work, file, tag);
      work.sightings.put(tag, pkg);
      return { tag, pkg };
    });
  } catch (error) {
    const bury = (tag: string) => work.burial.bury(work.image, tag, 'withdrawn', work.time.undoing());
    const burials = await Promise.allSettled(begun.map(bury));
    const left = burials.filter(({ status }) => status === 'rejected').length;
    if (left > 0) work.log.warn({ ...work.at, left }, 'a push failed half-way and some of its files may stay');
    throw error;
  }
}

/** Uploads a file that the store may claim to have. */
export async function uploadAnew(work: Work, staged: StagedPackage): Promise<void> {
  await upload(work, await startUpload(work), staged, true);
}

async function putManifest(work: Work, file: PushedFile, tag: string): Promise<void> {
  const { image, artifacts, time } = work;
  const put = () =>
    artifacts.put(
      image,
      tag,
      (profile) => formatPackageManifest(groupOf(work, file), tag, file.pkg, profile),
      time.call(),
    );
  try {
    await put().catch(async (error: unknown) => {
      if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
      // Collected since it was uploaded.
      await uploadAnew(work, file.staged);
      await put();
    });
  } catch (error) {
    // The answer may be lost and the put not: then the push goes on rather than leave a package nobody answers for.
    if (!isGatewayError(error, 'STORE_UNAVAILABLE') || (await image.resolve(tag, time.call())) === undefined)
      throw error;
  }
}

function startUpload({ image, time }: Work): Promise<BlobUpload> {
  return image.startUpload(time.call());
}

/** However long that takes, as long as the body flows. */
async function upload({ time }: Work, session: BlobUpload, { source }: StagedPackage, isAnew: boolean): Promise<void> {
  try {
    await session.finish(time.flowing(source), { signal: time.signal, isAnew });
  } finally {
    await session.cancel();
  }
}

function groupOf({ at }: Work, { pkg }: PushedFile) {
  return { ...at, architecture: pkg.architecture };
}
