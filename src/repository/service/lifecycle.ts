import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { changeOutcomes } from '../../protocol/lifecycle.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Caller } from './caller.ts';

/** Which packages of a repository are meant: all that one of these says. */
export interface Selection {
  /** `<architecture>/<file>`, or `<file>` in every architecture that has it; `*` stands for any text. */
  readonly files?: readonly string[] | undefined;
  /** Names of packages, every version of them; `*` stands for any text. */
  readonly names?: readonly string[] | undefined;
}

/** How a change is made. */
export interface ChangeOptions {
  /** Tells what would be done and does nothing. Default false. */
  readonly isDryRun?: boolean | undefined;
  /** Why, as people say it: one line. */
  readonly reason?: string | undefined;
  /** Whether nobody fetches the bytes from now on, at whatever path. Default: they can be for a while. */
  readonly isNow?: boolean | undefined;
}

/** What came of one package. */
export interface ChangedPackage {
  readonly architecture: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly size: number;
  readonly outcome: (typeof changeOutcomes)[number];
  readonly reason?: string | undefined;
}

/** What a change has done, or would do. */
export interface Change {
  readonly isDryRun: boolean;
  readonly packages: readonly ChangedPackage[];
  /** Of the selection, what is nowhere: as it was asked for. */
  readonly missing: readonly string[];
  /** One line each, for people. */
  readonly notes: readonly string[];
}

/** A package that was withdrawn. */
export interface WithdrawnPackage extends Omit<ChangedPackage, 'outcome'> {
  readonly pushedAt: Date;
  readonly pushedBy?: string | undefined;
  readonly withdrawnAt: Date;
  readonly withdrawnBy?: string | undefined;
  /** Until when its bytes can be fetched at their path, where they can. */
  readonly fetchableUntil?: Date | undefined;
}

/** A change of what a selection names, with one caller's rights. PACKAGE_UNKNOWN where nothing of it is there. */
export type ChangePackages = (
  at: RepositoryCoordinates,
  selection: Selection,
  caller: Caller,
  options?: ChangeOptions,
) => Promise<Change>;

/** What becomes of packages after their push. Each change is one change of the index. */
export interface RepositoryLifecycle {
  /**
   * Deletes all that is selected; resolves once no index lists any of it. Its bytes can be fetched at their path for a while,
   * unless `isNow`: that also ends it for what was deleted before.
   */
  readonly deleteFiles: ChangePackages;

  /** The same, and all that a restoring needs stays: who, when, why, and the bytes. PACKAGE_UNKNOWN where the bytes are gone. */
  readonly withdrawFiles: ChangePackages;

  /**
   * Lists withdrawn packages again, byte for byte, all or none; of files that are named whole also what was deleted and can still
   * be fetched. Throws PACKAGE_EXISTS where other bytes have the name by now, and what a push throws.
   */
  readonly restoreFiles: ChangePackages;
}

/** Withdrawn packages, or some of them. */
export interface WithdrawnPackages {
  /** The latest first. */
  readonly packages: readonly WithdrawnPackage[];
  /** How many there are in all. */
  readonly total: number;
  /** False where there are more than are counted: those that were pushed first are left out. */
  readonly isComplete: boolean;
}

/** What is kept of a repository beside what it lists. */
export interface WithdrawnListing {
  /** What was withdrawn and may be restored: `limit` of them after the first `offset`. Default: all. */
  listWithdrawn(
    at: RepositoryCoordinates,
    caller: Caller,
    options?: CallOptions & { readonly offset?: number | undefined; readonly limit?: number | undefined },
  ): Promise<WithdrawnPackages>;
}
