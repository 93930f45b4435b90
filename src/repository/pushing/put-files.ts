import { inParallel } from '../../concurrency/in-parallel.ts';
import type { BlobUpload } from '../../store/store.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { StagedPackage } from '../service/publishing.ts';
import type { PushedFile } from './publish.ts';
import { putRecords } from './put-records.ts';
import type { Work } from './work.ts';

/** Files of one push at a time. */
const concurrency = 4;
/** No more is sent for nothing, where another replica gave the name away lately. */
const maxEarlyBytes = 1024 * 1024;

/**
 * Puts every file under a fresh tag: all layers, then all manifests. `first` is a session for one of the layers, and `sent` a
 * file whose layer is there.
 */
export async function putFiles(
  work: Work,
  first: BlobUpload,
  files: readonly PushedFile[],
  sent?: PushedFile,
): Promise<readonly LiveTag[]> {
  await inParallel([...files.entries()], concurrency, async ([i, file]) => {
    if (file !== sent) await upload(work, i === 0 ? first : await startUpload(work), file.staged, false);
  });
  work.time.renew();
  const stagedOf = new Map(files.map(({ pkg, staged }) => [pkg, staged]));
  const bringBack = async (pkg: PackageRecord) => {
    const staged = stagedOf.get(pkg);
    if (staged !== undefined) await uploadAnew(work, staged);
  };
  return await putRecords(work, [...stagedOf.keys()], { bringBack });
}

/**
 * Uploads a small file while its name is looked at, where the index that this replica knows doesn't list it. Returns the file if
 * it was sent; where that went wrong, whoever needs it sends it again and is told why. Never throws.
 */
export async function sendEarly(
  work: Work,
  first: BlobUpload,
  file: PushedFile | undefined,
): Promise<PushedFile | undefined> {
  if (file === undefined || file.staged.source.size > maxEarlyBytes) return undefined;
  try {
    if (!(await work.isUnlisted(file.pkg))) return undefined;
    await upload(work, first, file.staged, false);
    return file;
  } catch {
    return undefined;
  }
}

/** Uploads a file that the store may claim to have. */
export async function uploadAnew(work: Work, staged: StagedPackage): Promise<void> {
  await upload(work, await startUpload(work), staged, true);
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
