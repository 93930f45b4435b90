import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { changeOutcomes } from '../../protocol/lifecycle.ts';
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

/** What becomes of packages after their push. Each change is one change of the index. */
export interface RepositoryLifecycle {
  /** Deletes all that is selected; resolves once no index lists any of it. PACKAGE_UNKNOWN where nothing of it is there. */
  deleteFiles(
    at: RepositoryCoordinates,
    selection: Selection,
    caller: Caller,
    options?: ChangeOptions,
  ): Promise<Change>;
}
