import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { GatewayError } from '../../errors.ts';
import { snapshotBranch, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import { buildIndexContent, contentPieces, type IndexContent } from '../index/index-content.ts';
import { createFetchLayers, type RunLayers } from '../index/index-layers.ts';
import { parseRun, type IndexRun, type RunFormat } from '../index/index-run.ts';
import { parseUnsigned } from '../index/stored-runs.ts';
import { compareIndexed, type IndexedPackage } from '../index/indexed-package.ts';
import type { Look } from '../live/look.ts';
import { clashingTags } from '../live/names.ts';
import type { SnapshotRecord } from './snapshot-record.ts';

/** What a snapshot lists in an architecture; undefined where it has no index of it. Throws BLOB_UNKNOWN, INDEX_MALFORMED. */
export type OpenSnapshot = (
  image: ImageStore,
  record: SnapshotRecord,
  architecture: string,
) => Promise<IndexContent | undefined>;

/** What a record costs in memory, roughly. */
const bytesPerRecord = 1024;

/** Keeps what was opened in memory, within so many bytes. */
export function createOpenSnapshot(options: {
  readonly maxIndexBytes: number;
  readonly concurrency: number;
}): OpenSnapshot {
  const fetchLayers = createFetchLayers({ maxBytes: options.maxIndexBytes / 4, concurrency: options.concurrency });
  const contents = createByteBoundedCache<IndexContent>(options.maxIndexBytes, (content) =>
    contentPieces(content).reduce((sum, piece) => sum + piece.length, bytesPerRecord * (1 + content.files().length)),
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
    const runs = [...runsOf(home, fetched.v2Runs, 'v2'), ...runsOf(home, fetched.v3Runs, 'v3')];
    const files = runs.flatMap((run) => run.files).sort(compareIndexed);
    const content = buildIndexContent({ branch: snapshotBranch(record), repository }, files, runs);
    contents.set(key, content);
    return content;
  };
}

/** Runs read back. Nobody signed them, so they hold no more than any index of ours. */
function runsOf(home: Group, layers: readonly RunLayers[], format: RunFormat): readonly IndexRun[] {
  return parseUnsigned(layers, ({ part, details }, maxRecords) => parseRun(home, part, details, format, maxRecords));
}

/** What each architecture's index lists, by name; at least one. */
export function indexesIn(seen: Look, at: RepositoryCoordinates): ReadonlyMap<string, IndexContent> {
  const { branch, repository } = at;
  if (seen.live.unread.size > 0) {
    const message = `not all packages of ${branch}/${repository} can be read right now; try again`;
    throw new GatewayError('STORE_UNAVAILABLE', message, { details: { retryAfterSeconds: 5 } });
  }
  const hasIndex = (architecture: string) =>
    seen.stored.has(architecture) ||
    seen.target(architecture).files.some(({ pkg }) => pkg.architecture === architecture);
  const architectures = seen.architectures.filter(hasIndex).toSorted();
  const listed = architectures.flatMap((one) => seen.target(one).files.flatMap(({ tags }) => tags));
  const clashing = clashingTags(seen.live, seen.facts, new Set(listed));
  if (architectures.length > 0) return new Map(architectures.map((one) => [one, contentOf(seen, at, one, clashing)]));
  throw new GatewayError('REPOSITORY_UNKNOWN', `${branch}/${repository} never had a package: there is nothing to keep`);
}

/** What one architecture's index is to list, without what clashes with that of another: nobody could roll back to both. */
function contentOf(
  seen: Look,
  at: RepositoryCoordinates,
  architecture: string,
  clashing: ReadonlySet<string>,
): IndexContent {
  const { files } = seen.target(architecture);
  const isClashing = ({ tags }: IndexedPackage) => tags.some((tag) => clashing.has(tag));
  if (!files.some(isClashing)) return seen.content(architecture);
  const rest = files.filter((file) => !isClashing(file));
  return buildIndexContent(at, rest, seen.stored.get(architecture)?.content?.runs ?? []);
}
