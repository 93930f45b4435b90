import type { Clock } from '../../ports.ts';
import { snapshotIn, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { IndexServing } from '../views/index-serving.ts';
import type { Reader } from '../views/reader-rights.ts';
import type { RepositoryStatus } from '../service/upkeep.ts';
import type { FindSnapshot } from './find-snapshot.ts';

/** What of snapshots is told beside their indexes. */
export interface SnapshotReading {
  /** The groups of a snapshot; empty where there is none for this reader. */
  groupsOf(reader: Reader, at: RepositoryCoordinates): Promise<readonly Group[]>;
  /** What each index lists: all that it should, always. Undefined where `at` is no snapshot's. */
  status(reader: Reader, at: RepositoryCoordinates): Promise<RepositoryStatus | undefined>;
}

export function createSnapshotReading(deps: {
  readonly find: FindSnapshot;
  readonly views: Pick<IndexServing, 'serve'>;
  readonly clock: Pick<Clock, 'now'>;
}): SnapshotReading {
  const groupsOf = async (reader: Reader, at: RepositoryCoordinates) => {
    const found = await deps.find(reader, at);
    return [...(found?.record.indexes.keys() ?? [])].map((architecture) => ({ ...at, architecture }));
  };

  return {
    groupsOf,
    async status(reader, at) {
      if (snapshotIn(at.branch) === undefined) return undefined;
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
