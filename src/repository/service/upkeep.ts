import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Caller } from './caller.ts';

/** What an operator needs to see why a package isn't there. */
export interface RepositoryStatus {
  readonly architectures: readonly {
    readonly architecture: string;
    readonly indexDigest: Digest | undefined;
    readonly count: number;
    readonly signers: readonly string[];
    readonly comparedAt: Date | undefined;
    readonly isCovering: boolean;
    readonly rivals: readonly string[];
    readonly missing: readonly string[];
    readonly surplus: readonly string[];
  }[];
}

/** Something that isn't as it should be. */
export interface Finding {
  readonly kind: 'index' | 'missing' | 'surplus' | 'manifest' | 'blob';
  readonly architecture: string;
  /** For people. */
  readonly message: string;
  /** Whether putting a covering index mends it. */
  readonly isMendable: boolean;
}

/** What was looked at. */
export interface Verified {
  readonly architectures: number;
  /** Package files, each once. */
  readonly packages: number;
  /** Of package files, read to their end. */
  readonly bytes: number;
}

/** What was done. */
export interface Resigned {
  /** File names of the keys that sign now, the primary first. */
  readonly keys: readonly string[];
  readonly indexes: number;
  /** Indexes that were put. */
  readonly changed: number;
}

/** What an operator asks of a repository besides reading and writing it. */
export interface RepositoryUpkeep {
  /** What each index should list and what it does, one look old. */
  status(at: RepositoryCoordinates, caller: Caller, options?: CallOptions): Promise<RepositoryStatus>;

  /** Looks at everything that is stored, and tells each finding. */
  verify(
    at: RepositoryCoordinates,
    caller: Caller,
    onFinding: (finding: Finding) => void,
    options?: CallOptions,
  ): Promise<Verified>;

  /**
   * Puts the indexes that don't list what lives; done once all do. Returns what was wrong with them. Throws PUBLISH_TIMEOUT and
   * the store's faults.
   */
  mend(at: RepositoryCoordinates, caller: Caller): Promise<readonly Finding[]>;

  /** Has every index of an image signed by its keys and no other; makes the first key where there is none. */
  resign(image: string, caller: Caller, options?: CallOptions): Promise<Resigned>;
}
