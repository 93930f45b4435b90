import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Caller } from './caller.ts';
import type { Change, ChangeOptions } from './lifecycle.ts';

/** What may go: what all that is said here allows. */
export interface PruningPolicy {
  /** So many of the newest versions of each name stay in each architecture, at least 1. Default 1. */
  readonly keep?: number | undefined;
  /** Only what was pushed so long ago goes, in ms. Default: whatever its age. */
  readonly olderThanMs?: number | undefined;
  /** Names of packages that it is about; `*` stands for any text. Default: all. */
  readonly names?: readonly string[] | undefined;
  /** Names among those that it isn't about. Default: none. */
  readonly except?: readonly string[] | undefined;
}

/** What keeps a repository from growing for ever. */
export interface RepositoryRetention {
  /**
   * Deletes what a policy lets go, in one change of the index, its bytes kept as for any deletion: never the newest version of a
   * name in an architecture, nor what anything that stays needs. Tells of each why it went; `kept` is what is needed.
   */
  prune(at: RepositoryCoordinates, policy: PruningPolicy, caller: Caller, options?: ChangeOptions): Promise<Change>;
}
