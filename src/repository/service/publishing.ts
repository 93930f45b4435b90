import type { AnyPackageSummary } from '../../apk/any-package.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { BlobSource, CallOptions } from '../../store/store.ts';
import type { PackageSignature } from '../artifacts/package-signature.ts';
import type { Caller } from './caller.ts';
import type { ChangeOptions } from './lifecycle.ts';

/** A package that was read whole and found good, its bytes at hand for the upload. */
export interface StagedPackage {
  readonly summary: AnyPackageSummary;
  readonly source: BlobSource;
  /** The verdict on its own signatures, kept with it. */
  readonly signature?: PackageSignature | undefined;
}

/** One pushed file in the answer to its pusher. */
export interface PublishedPackage {
  readonly fileName: string;
  readonly architecture: string;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly size: number;
  /** `unchanged`: these very bytes were there already (only with `ifExists: 'skip'`). */
  readonly outcome: 'published' | 'unchanged';
  readonly warnings: readonly string[];
}

export interface PublishOptions extends CallOptions {
  /** What identical bytes under the same name mean: `fail` (default) PACKAGE_EXISTS, `skip` success. Other bytes always fail. */
  readonly ifExists?: 'fail' | 'skip' | undefined;
}

/**
 * A push under way: the right to push has been asked, nothing is visible yet. Ends with one `commit` or one `cancel`.
 */
export interface Publication {
  /**
   * Sends the one file that is to be committed to the store while it still comes, if the store can: as `BlobUpload.ahead`. What is
   * no good is thrown away there by `cancel`.
   */
  readonly ahead?: ((size: number) => ((piece: Uint8Array) => Promise<void>) | undefined) | undefined;
  /**
   * Publishes all files in one index change, all or none, and returns once the index of every architecture concerned lists
   * them. Throws PACKAGE_EXISTS (`details.identical` says whether the bytes are the same), PACKAGE_WITHDRAWN where somebody
   * deleted a file before it was acknowledged, PUBLISH_TIMEOUT (a retry ends well), TAG_IMMUTABLE, and the store's faults.
   */
  commit(files: readonly StagedPackage[], options?: PublishOptions): Promise<readonly PublishedPackage[]>;
  /** Gives back what `begin` took. Never throws. */
  cancel(): Promise<void>;
}

/** What changes a repository. */
export interface RepositoryPublishing {
  /** Asks the right to push, before any body is read. */
  begin(at: RepositoryCoordinates, caller: Caller, options?: CallOptions): Promise<Publication>;

  /**
   * Deletes a file, in one architecture or (undefined) in each that has it; returns the architectures it was deleted from
   * once no index lists it. PACKAGE_UNKNOWN where none had it. What becomes of its bytes: `deleteFiles`.
   */
  withdraw(
    at: RepositoryCoordinates,
    file: { readonly architecture: string | undefined; readonly fileName: string },
    caller: Caller,
    options?: Pick<ChangeOptions, 'reason' | 'isNow'>,
  ): Promise<readonly string[]>;
}
