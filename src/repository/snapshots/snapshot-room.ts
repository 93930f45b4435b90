import { snapshotIn, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { IndexViews } from '../views/index-views.ts';
import { createReader } from '../views/reader-rights.ts';
import type { Credentials } from '../../store/store.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import type { Work } from '../pushing/work.ts';
import type { Caller } from '../service/caller.ts';
import type { RepositorySnapshots } from '../service/snapshots.ts';
import type { IndexServing, IndexServingOptions } from '../views/index-serving.ts';
import { createKnownSnapshots } from './find-snapshot.ts';
import { createTidySnapshots, type TidySnapshots } from './leftovers.ts';
import { createOpenSnapshot } from './snapshot-content.ts';
import { createSnapshotRecords } from './snapshot-records.ts';
import { createSnapshotViews, type SnapshotViewsDeps } from './snapshot-views.ts';
import { createSnapshotReading, packagesOfSnapshot, type SnapshotReading } from './snapshot-reading.ts';
import { createSnapshots, type SnapshotsDeps } from './snapshots.ts';

export interface SnapshotRoomDeps
  extends
    Omit<SnapshotViewsDeps, 'find' | 'open'>,
    Omit<SnapshotsDeps, 'look' | 'records' | 'rights' | 'works' | 'open' | 'clock' | 'log' | 'forget'> {
  readonly callerKey: (credentials: Credentials) => string;
}

/** All of a service that has to do with snapshots, as it is wired to the rest. */
export interface SnapshotRoom extends SnapshotReading {
  readonly views: IndexServing;
  /** Clears away what ended ones leave behind. */
  readonly tidy: TidySnapshots;
  /** What each index of a snapshot of a work's repository lists. Throws SNAPSHOT_UNKNOWN. */
  readonly packagesOf: (work: Work, name: string) => Promise<ReadonlyMap<string, readonly PackageRecord[]>>;
  /** Making and removing them, and going back to one. */
  service(deps: Pick<SnapshotsDeps, 'look' | 'rights' | 'works'>): RepositorySnapshots;
}

export function createSnapshotRoom(
  deps: SnapshotRoomDeps,
  options: IndexServingOptions & { readonly concurrency: number; readonly publishTimeoutMs: number },
): SnapshotRoom {
  const records = createSnapshotRecords();
  const known = createKnownSnapshots({ ...deps, records });
  const { find } = known;
  const open = createOpenSnapshot(options);
  const views = createSnapshotViews({ ...deps, find, open }, options);
  const forget = (at: RepositoryCoordinates) => {
    known.forget(at);
    views.forget(at);
  };
  const readerOf = (image: string, caller: Caller) =>
    createReader(deps.callerKey(caller.credentials), () =>
      deps.store.image(image, caller.credentials, caller.requestId),
    );
  return {
    views,
    ...createSnapshotReading({ ...deps, find, views, readerOf }),
    tidy: createTidySnapshots(deps),
    packagesOf: async (work, name) =>
      packagesOfSnapshot({ records, open }, work, name, await work.image.tags(work.time.call())),
    service: (more) => createSnapshots({ ...deps, ...more, records, open, forget }, options),
  };
}

/** Repositories' indexes and those of their snapshots, each by what stands in the branch's place. */
export function viewsOfBoth(branches: IndexViews, snapshots: IndexServing): IndexViews {
  const of = ({ branch }: Group): IndexServing => (snapshotIn(branch) === undefined ? branches : snapshots);
  return {
    authorize: (reader, image, call) => branches.authorize(reader, image, call),
    serve: (reader, group) => of(group).serve(reader, group),
    peek: (reader, group) => of(group).peek(reader, group),
    hadNothing: (reader, group) => of(group).hadNothing(reader, group),
    offer(group, seen, beganMs) {
      of(group).offer(group, seen, beganMs);
    },
    suspect(group) {
      of(group).suspect(group);
    },
    forget(at) {
      branches.forget(at);
      snapshots.forget(at);
    },
    delisted: (group, fileName) => of(group).delisted(group, fileName),
  };
}
