import type { Clock } from '../../ports.ts';
import { snapshotIn, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { IndexServing } from '../views/index-serving.ts';
import type { Reader } from '../views/reader-rights.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { Work } from '../pushing/work.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositoryStatus } from '../service/upkeep.ts';
import type { FindSnapshot } from './find-snapshot.ts';
import type { OpenSnapshot } from './snapshot-content.ts';
import type { SnapshotRecords } from './snapshot-records.ts';
import { unknownSnapshot } from './snapshot-removal.ts';

/** What of snapshots is told beside their indexes. */
export interface SnapshotReading {
  /** The groups of a snapshot; empty where there is none for this reader. */
  groupsOf(reader: Reader, at: RepositoryCoordinates): Promise<readonly Group[]>;
  /** What each index lists: all that it should, always. Undefined where `at` is no snapshot's. */
  status(at: RepositoryCoordinates, caller: Caller): Promise<RepositoryStatus | undefined>;
}

export function createSnapshotReading(deps: {
  readonly find: FindSnapshot;
  readonly views: Pick<IndexServing, 'serve'>;
  readonly readerOf: (image: string, caller: Caller) => Reader;
  readonly clock: Pick<Clock, 'now'>;
}): SnapshotReading {
  const groupsOf = async (reader: Reader, at: RepositoryCoordinates) => {
    const found = await deps.find(reader, at);
    return [...(found?.record.indexes.keys() ?? [])].map((architecture) => ({ ...at, architecture }));
  };

  return {
    groupsOf,
    async status(at, caller) {
      if (snapshotIn(at.branch) === undefined) return undefined;
      const reader = deps.readerOf(at.image, caller);
      const groups = await groupsOf(reader, at);
      const architectures = await Promise.all(
        groups.map(async (group) => {
          const view = (await deps.views.serve(reader, group))?.view;
          return {
            architecture: group.architecture,
            indexDigest: view?.digest,
            count: view?.count ?? 0,
            signers: view?.keys.map(({ fileName }) => fileName) ?? [],
            comparedAt: new Date(deps.clock.now()),
            isCovering: true,
            ...{ rivals: [], missing: [], surplus: [] },
          };
        }),
      );
      return { architectures };
    },
  };
}

export interface SnapshotPackagesDeps {
  readonly records: SnapshotRecords;
  readonly open: OpenSnapshot;
}

/** What the index of each architecture lists in the snapshot of that name of a work's repository, as `listing` has it. Throws SNAPSHOT_UNKNOWN. */
export async function packagesOfSnapshot(
  { records, open }: SnapshotPackagesDeps,
  { image, at, time }: Work,
  name: string,
  listing: readonly string[],
): Promise<ReadonlyMap<string, readonly PackageRecord[]>> {
  const place = { branch: at.branch, repository: at.repository, name };
  const record = await records.find(image, place, listing, time.call());
  if (record === undefined) throw unknownSnapshot(place);
  const listed = new Map<string, readonly PackageRecord[]>();
  for (const architecture of record.indexes.keys()) {
    const content = await time.until(open(image, record, architecture));
    listed.set(architecture, content?.files().map(({ pkg }) => pkg) ?? []);
  }
  return listed;
}
