import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions } from '../../store/store.ts';
import type { PackageProvenance } from '../artifacts/package-provenance.ts';
import type { PackageSignature } from '../artifacts/package-signature.ts';
import type { Caller } from './caller.ts';

/** One package in a listing. */
export interface ListedPackage {
  readonly branch: string;
  readonly repository: string;
  /** As the file was made for: `noarch` once, not once an architecture. */
  readonly architecture: string;
  readonly fileName: string;
  readonly entry: IndexV3Entry;
  readonly digest: Digest;
  readonly size: number;
  readonly pushedAt: Date;
  readonly packager?: string | undefined;
  readonly pushedBy?: string | undefined;
  readonly signature: PackageSignature;
  /** Where it wasn't pushed to this place. */
  readonly provenance?: PackageProvenance | undefined;
}

/** What one index lists, to be looked things up in. */
export interface IndexListing {
  /** Of the signed index: the same listing has the same. */
  readonly etag: string;
  /** In the index's order, noarch packages included. Made anew by each call. */
  packages(): readonly ListedPackage[];
}

/** Images by name. */
export interface ListedImages {
  readonly names: readonly string[];
  /** False where the store has more than were looked at. */
  readonly isComplete: boolean;
}

/** One branch and repository in a listing. */
export interface ListedRepository {
  readonly branch: string;
  readonly repository: string;
  readonly architectures: readonly string[];
  readonly lastUpdated: Date;
  /** Bytes and number of the index manifests, and of the packages. */
  readonly metadata: { readonly size: number; readonly count: number };
  readonly packages: { readonly size: number; readonly count: number };
  /** Package files by architecture, each under its own: noarch once. */
  readonly held: ReadonlyMap<string, number>;
  /** Different names of packages. */
  readonly names: number;
  /** When the newest package was pushed; undefined where there is none. */
  readonly lastPushed: Date | undefined;
}

/** What people and programs look through: pages, listings, feeds. */
export interface RepositoryCatalog {
  /** The packages of that index; undefined where `openIndex` is. */
  listIndex(
    at: RepositoryCoordinates,
    architecture: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<IndexListing | undefined>;

  /** All packages of an image, or of one branch, or of one repository in it; empty where there is nothing. */
  list(
    within: { readonly image: string; readonly branch?: string | undefined; readonly repository?: string | undefined },
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly ListedPackage[]>;

  /**
   * The images that hold packages and that the caller may read, by name, as far as the store lists images at all: undefined
   * where it doesn't, or not to this caller. Ends after some seconds with what it has found by then; some seconds old at most.
   */
  images(caller: Caller, options?: CallOptions): Promise<ListedImages | undefined>;

  /** The repositories of an image. */
  repositories(image: string, caller: Caller, options?: CallOptions): Promise<readonly ListedRepository[]>;
}
