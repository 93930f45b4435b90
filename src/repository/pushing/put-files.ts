import { inParallel } from '../../concurrency/in-parallel.ts';
import type { BlobUpload } from '../../store/store.ts';
import type { LiveTag } from '../live/live-set.ts';
import type { StagedPackage } from '../service/publishing.ts';
import type { PushedFile } from './publish.ts';
import { putRecords } from './put-records.ts';
import type { Work } from './work.ts';

/** Files of one push at a time. */
const concurrency = 4;

/**
 * Puts every file under a fresh tag: all layers, then all manifests. `first` is a session for one of the layers.
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
  const stagedOf = new Map(files.map(({ pkg, staged }) => [pkg, staged]));
  return await putRecords(work, [...stagedOf.keys()], async (pkg) => {
    const staged = stagedOf.get(pkg);
    if (staged !== undefined) await uploadAnew(work, staged);
  });
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
