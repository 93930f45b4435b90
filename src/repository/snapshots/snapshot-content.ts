import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { snapshotBranch, type Group } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import { buildIndexContent, contentPieces, type IndexContent } from '../index/index-content.ts';
import { createFetchLayers } from '../index/index-layers.ts';
import { parseRun } from '../index/index-run.ts';
import { compareIndexed } from '../index/indexed-package.ts';
import type { SnapshotRecord } from './snapshot-record.ts';

/** What a snapshot lists in an architecture; undefined where it has no index of it. Throws BLOB_UNKNOWN, INDEX_MALFORMED. */
export type OpenSnapshot = (
  image: ImageStore,
  record: SnapshotRecord,
  architecture: string,
) => Promise<IndexContent | undefined>;

/** Keeps what was opened in memory, within so many bytes. */
export function createOpenSnapshot(options: {
  readonly maxIndexBytes: number;
  readonly concurrency: number;
}): OpenSnapshot {
  const fetchLayers = createFetchLayers({ maxBytes: options.maxIndexBytes / 4, concurrency: options.concurrency });
  const contents = createByteBoundedCache<IndexContent>(options.maxIndexBytes, (content) =>
    contentPieces(content).reduce((sum, piece) => sum + piece.length, 1024),
  );

  return async (image, record, architecture) => {
    const key = `${image.image} ${record.tag} ${architecture}`;
    const known = contents.get(key);
    if (known !== undefined) return known;
    const layers = record.indexes.get(architecture);
    if (layers === undefined) return undefined;
    const fetched = await fetchLayers(image, layers, {});
    const { branch, repository } = record;
    // Its packages' tags are those that they had in the branch.
    const home: Group = { image: image.image, branch, repository, architecture };
    const runs = [
      ...fetched.v2Runs.map(({ part, details }) => parseRun(home, part, details, 'v2')),
      ...fetched.v3Runs.map(({ part, details }) => parseRun(home, part, details, 'v3')),
    ];
    const files = runs.flatMap((run) => run.files).sort(compareIndexed);
    const content = buildIndexContent({ branch: snapshotBranch(record), repository }, files, runs);
    contents.set(key, content);
    return content;
  };
}
