import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { createReader, type Reader } from '../views/reader-rights.ts';
import type { Credentials } from '../../store/store.ts';
import { createFetchLayers } from '../index/index-layers.ts';
import type { TakeLook } from '../live/looks.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositorySnapshots } from '../service/snapshots.ts';
import type { RepositoryStatus } from '../service/upkeep.ts';
import type { IndexServing, IndexServingOptions } from '../views/index-serving.ts';
import { createFindSnapshot } from './find-snapshot.ts';
import { createTidySnapshots, type TidySnapshots } from './leftovers.ts';
import { createSnapshotReading } from './snapshot-reading.ts';
import { createSnapshotRecords } from './snapshot-records.ts';
import { createSnapshotViews, type SnapshotViewsDeps } from './snapshot-views.ts';
import { createSnapshots, type SnapshotsDeps } from './snapshots.ts';

export interface SnapshotRoomDeps
  extends
    Omit<SnapshotViewsDeps, 'find' | 'fetchLayers'>,
    Omit<SnapshotsDeps, 'look' | 'records' | 'rights' | 'clock' | 'log'> {
  readonly callerKey: (credentials: Credentials) => string;
}

/** All of a service that has to do with snapshots, as it is wired to the rest. */
export interface SnapshotRoom {
  readonly views: IndexServing;
  /** The groups of a snapshot; empty where there is none for this reader. */
  groupsOf(reader: Reader, at: RepositoryCoordinates): Promise<readonly Group[]>;
  /** What is told of a repository's state; undefined where `at` is no snapshot's. */
  status(at: RepositoryCoordinates, caller: Caller): Promise<RepositoryStatus | undefined>;
  /** Clears away what ended ones leave behind. */
  readonly tidy: TidySnapshots;
  /** Making and removing them, by what a look shows, for whom `rights` says. */
  service(look: TakeLook, rights: SnapshotsDeps['rights']): RepositorySnapshots;
}

export function createSnapshotRoom(
  deps: SnapshotRoomDeps,
  options: IndexServingOptions & { readonly concurrency: number; readonly publishTimeoutMs: number },
): SnapshotRoom {
  const records = createSnapshotRecords();
  const find = createFindSnapshot({ ...deps, records });
  const fetchLayers = createFetchLayers({ maxBytes: options.maxIndexBytes / 4, concurrency: options.concurrency });
  const views = createSnapshotViews({ ...deps, find, fetchLayers }, options);
  const reading = createSnapshotReading({ ...deps, find, views });
  const readerOf = (image: string, caller: Caller) =>
    createReader(deps.callerKey(caller.credentials), () =>
      deps.store.image(image, caller.credentials, caller.requestId),
    );
  return {
    views,
    groupsOf: (reader, at) => reading.groupsOf(reader, at),
    status: (at, caller) => reading.status(readerOf(at.image, caller), at),
    tidy: createTidySnapshots(deps),
    service: (look, rights) => createSnapshots({ ...deps, look, rights, records }, options),
  };
}
