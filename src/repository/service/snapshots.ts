import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Caller } from './caller.ts';
import type { Change, ChangeOptions } from './lifecycle.ts';

/** A snapshot in a listing. */
export interface ListedSnapshot {
  readonly branch: string;
  readonly repository: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly createdBy?: string | undefined;
  readonly architectures: readonly string[];
  /** Package files, each once, and their bytes. */
  readonly packages: { readonly size: number; readonly count: number };
}

/** The outcome of a removal. */
export interface RemovedSnapshot {
  /** False where the registry removes nothing: the snapshot can't be read any more, and its packages stay stored. */
  readonly isFreed: boolean;
}

/** A repository as it was, kept beside it: nothing that happens to the repository changes it. */
export interface RepositorySnapshots {
  /**
   * Keeps what the repository lists now under a name; it is there for all replicas' readers once this resolves. Throws
   * SNAPSHOT_EXISTS where the name is taken or being taken, REPOSITORY_UNKNOWN where there is nothing to keep, BLOB_UNKNOWN
   * where the registry has lost a package that the index lists, PUBLISH_TIMEOUT.
   */
  createSnapshot(
    at: RepositoryCoordinates,
    name: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<ListedSnapshot>;

  /** Ends a snapshot, and sets free what nothing else holds. SNAPSHOT_UNKNOWN where there is none of that name. */
  removeSnapshot(
    at: RepositoryCoordinates,
    name: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<RemovedSnapshot>;

  /**
   * Makes the repository what a snapshot of it says, in one change of the index; in a second what another content has the name of.
   * Run again, it ends what was begun. Throws SNAPSHOT_UNKNOWN.
   */
  rollback(at: RepositoryCoordinates, name: string, caller: Caller, options?: ChangeOptions): Promise<Change>;

  /** The snapshots of a repository, the newest first. */
  listSnapshots(at: RepositoryCoordinates, caller: Caller, options?: CallOptions): Promise<readonly ListedSnapshot[]>;
}
