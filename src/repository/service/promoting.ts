import type { AnyPackageSummary } from '../../apk/any-package.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { PackageSignature } from '../artifacts/package-signature.ts';
import type { Caller } from './caller.ts';
import type { Change, ChangeOptions } from './lifecycle.ts';

/** What is promoted: from one repository to another of the same store. */
export interface Promotion {
  /** A snapshot may stand in the branch's place, unless it is a move. */
  readonly from: RepositoryCoordinates;
  readonly to: RepositoryCoordinates;
  /** `<name>` for its newest version in each architecture, or `<name>=<version>`; `*` in the name stands for any text. */
  readonly packages: readonly string[];
}

export interface PromotionOptions extends Pick<ChangeOptions, 'isDryRun' | 'reason'> {
  /** Whether what they need goes with them, as far as the source has it and the target doesn't. Default: no. */
  readonly withDependencies?: boolean | undefined;
  /** Whether those that are named leave the source afterwards. Default: no. */
  readonly isMove?: boolean | undefined;
  /**
   * The verdicts of the target's rules on the packages' own signatures; throws PACKAGE_UNTRUSTED where one lacks what the target
   * wants. Where it is given the packages are read. Default: whatever was signed is unchecked.
   */
  readonly judge?: ((packages: readonly AnyPackageSummary[]) => readonly PackageSignature[]) | undefined;
}

/** What brings packages from where they were tried to where they are used. */
export interface RepositoryPromoting {
  /**
   * Lists packages of one repository in another, all or none, in one change of its index, with the caller's rights in both; their
   * bytes stay in the store. What is there already is `unchanged`. Throws PACKAGE_UNKNOWN where a name is nowhere in the
   * source, SNAPSHOT_UNKNOWN, PACKAGE_EXISTS where the target has other bytes of a name, MOUNT_UNSUPPORTED, and what a push throws. Who moves and
   * may not delete in the source has them in both.
   */
  promote(promotion: Promotion, caller: Caller, options?: PromotionOptions): Promise<Change>;
}
