import { isGatewayError } from '../../errors.ts';
import type { Clock, Log, RandomBytes } from '../../ports.ts';
import { snapshotBranch, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { snapshotsNote } from '../../protocol/lifecycle.ts';
import type { CallOptions, ImageStore, Store } from '../../store/store.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { TakeLook } from '../live/looks.ts';
import { unknownRepository } from '../publishing/refusals.ts';
import { answeredInTime, type AnswerTime } from '../publishing/answer-time.ts';
import type { Caller } from '../service/caller.ts';
import type { ChangePackages } from '../service/lifecycle.ts';
import type { Works } from '../pushing/works.ts';
import type { ListedSnapshot, RepositorySnapshots } from '../service/snapshots.ts';
import { rollback } from './rollback.ts';
import type { OpenSnapshot } from './snapshot-content.ts';
import { createSnapshotBurial } from './snapshot-burial.ts';
import { createSnapshot } from './snapshot-creation.ts';
import { removeSnapshot } from './snapshot-removal.ts';
import type { SnapshotRecord } from './snapshot-record.ts';
import type { SnapshotRecords } from './snapshot-records.ts';

/** Names in one line for people. */
const maxNamed = 20;

export interface SnapshotsDeps {
  readonly store: Store;
  readonly look: TakeLook;
  readonly artifacts: ArtifactWriter;
  readonly records: SnapshotRecords;
  readonly clock: Clock;
  readonly stamp: () => Stamp;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly works: Works;
  readonly open: OpenSnapshot;
  /** So many bytes of an index's runs a record holds itself. */
  readonly maxInlineBytes: number;
  /** Drops what this replica has in memory of a snapshot, by its own coordinates. */
  readonly forget: (at: RepositoryCoordinates) => void;
  /** Whether the store shows a caller anything of an image. */
  readonly rights: { authorize(image: string, caller: Caller, call?: CallOptions): Promise<boolean> };
}

/** The part of the service that keeps repositories as they were. */
export function createSnapshots(
  deps: SnapshotsDeps,
  { publishTimeoutMs }: { readonly publishTimeoutMs: number },
): RepositorySnapshots {
  const { store, records, rights, clock } = deps;
  const burial = createSnapshotBurial(deps);
  const imageOf = ({ image }: RepositoryCoordinates, caller: Caller) =>
    store.image(image, caller.credentials, caller.requestId);

  /** What a look asks of the store follows from what others have read: who may not read must not see that. */
  const change = <T>(
    at: RepositoryCoordinates,
    caller: Caller,
    work: (image: ImageStore, time: AnswerTime) => Promise<T>,
  ): Promise<T> =>
    answeredInTime(clock, publishTimeoutMs, at, async (time) => {
      if (!(await time.until(rights.authorize(at.image, caller)))) throw unknownRepository(at);
      return await work(imageOf(at, caller), time);
    });

  return {
    createSnapshot: (at, name, caller) =>
      change(at, caller, async (image, time) => {
        const made = await createSnapshot({ ...deps, burial }, image, at, name, caller, time);
        return listed(made, made.architectures);
      }),
    removeSnapshot: (at, name, caller) =>
      change(at, caller, (image, time) => {
        const { branch, repository } = at;
        const removed = removeSnapshot({ ...deps, burial }, image, { branch, repository, name }, time);
        // Also where the answer may be lost: what is there still is read anew.
        return removed.finally(() => {
          deps.forget({ ...at, branch: snapshotBranch({ branch, name }) });
        });
      }),
    rollback: (at, name, caller, changeOptions) =>
      deps.works.change(at, caller, unknownRepository(at), (work) => rollback(deps, work, name, changeOptions)),
    async listSnapshots(at, caller, call = {}) {
      const image = imageOf(at, caller);
      const found = await records.all(image, at, await image.tags(call), call);
      return found.map((record) => listed(record, [...record.indexes.keys()]));
    },
  };
}

function listed(record: Omit<SnapshotRecord, 'indexes'>, architectures: readonly string[]): ListedSnapshot {
  const { branch, repository, name, createdMs, createdBy, packages, size } = record;
  const createdAt = new Date(createdMs);
  return { branch, repository, name, createdAt, createdBy, architectures, packages: { count: packages, size } };
}

/** The same change, which says where bytes that are to be gone at once may be fetched still: a snapshot keeps what it lists. */
export function tellingOfSnapshots(
  change: ChangePackages,
  { listSnapshots }: Pick<RepositorySnapshots, 'listSnapshots'>,
): ChangePackages {
  return async (at, selection, caller, options) => {
    const made = await change(at, selection, caller, options);
    if (options?.isNow !== true) return made;
    const names = await listSnapshots(at, caller).then((all) => all.map(({ name }) => name), asNone);
    if (names.length === 0) return made;
    const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
    const note = `${snapshotsNote}: ${names.slice(0, maxNamed).join(', ')}${more}`;
    return { ...made, notes: [...made.notes, note] };
  };
}

/** The change is made, whatever can't be told of it. */
function asNone(error: unknown): readonly string[] {
  if (!isGatewayError(error)) throw error;
  return [];
}
