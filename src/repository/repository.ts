import type { KeyObject } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { IndexEntry } from '../apk/index/index-entry.ts';
import type { PackageSummary } from '../apk/package/package-file.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobSource, ByteRange, CallOptions, Credentials } from '../store/store.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import type { PackageSignature } from './artifacts/package-signature.ts';

/** Who asks: what the store judges them by, and the name that a package remembers its pusher by. */
export interface Caller {
  readonly credentials: Credentials;
  /** The user's name where one was sent; what a log and `lkar ls -o json` show. */
  readonly name?: string | undefined;
  /** Of the request that asks, for the store's own log. */
  readonly requestId?: string | undefined;
}

/** A package that was read whole and found good, its bytes at hand for the upload. */
export interface StagedPackage {
  readonly summary: PackageSummary;
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
   * Publishes all files in one index change, all or none, and returns once the index of every architecture concerned lists
   * them. Throws PACKAGE_EXISTS (`details.identical` says whether the bytes are the same), PACKAGE_WITHDRAWN where somebody
   * deleted a file before it was acknowledged, PUBLISH_TIMEOUT (a retry ends well), TAG_IMMUTABLE, and the store's faults.
   */
  commit(files: readonly StagedPackage[], options?: PublishOptions): Promise<readonly PublishedPackage[]>;
  /** Gives back what `begin` took. Never throws. */
  cancel(): Promise<void>;
}

/** A signed index as it goes out. */
export interface SignedIndex {
  /** The whole APKINDEX.tar.gz; one buffer, shared by all its readers. */
  readonly bytes: Uint8Array;
  /** A strong entity tag of the bytes, quotes included (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** A date that no other content of this name shares. */
  readonly lastModified: Date | undefined;
  readonly count: number;
  /** True where the registry couldn't be asked in time and this is the last good one. */
  readonly isStale: boolean;
  /** What another replica acknowledged within so many seconds may be missing; 0 where nothing may. */
  readonly lagSeconds: number;
  /** True where this caller may not list tags, so that nothing was compared. */
  readonly isUnverified: boolean;
}

/** What is known of a package file without reading it. */
export interface PackageFacts {
  readonly entry: IndexEntry;
  readonly fileName: string;
  readonly digest: Digest;
  readonly size: number;
  readonly pushedAt: Date;
  /** A date that no other content of this name shares. */
  readonly lastModified: Date | undefined;
}

/** A package whose bytes are in memory; the same facts for as long as the index lists the same. */
export interface PackageAtHand {
  readonly facts: PackageFacts;
  /** All of them. */
  readonly bytes: Uint8Array;
}

/** A package file found, not yet read. */
export interface FoundPackage extends PackageFacts {
  /** The bytes, or one range of them; as they are where they were in memory. PACKAGE_UNKNOWN where the package went away. */
  open(range?: ByteRange, options?: CallOptions): Promise<Readable | Uint8Array>;
  /** Where the store would send a client for them by itself, if anywhere. */
  locate(options?: CallOptions): Promise<URL | undefined>;
}

/** One package in a listing. */
export interface ListedPackage {
  readonly branch: string;
  readonly repository: string;
  /** As the file was made for: `noarch` once, not once an architecture. */
  readonly architecture: string;
  readonly fileName: string;
  readonly entry: IndexEntry;
  readonly digest: Digest;
  readonly size: number;
  readonly pushedAt: Date;
  readonly packager?: string | undefined;
  readonly pushedBy?: string | undefined;
  readonly signature: PackageSignature;
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
}

/** A public key as clients are to install it. */
export interface PublicKey {
  /** `<stem>.rsa.pub`: the name in `.SIGN.*` and in /etc/apk/keys. */
  readonly fileName: string;
  /** PEM SPKI. */
  readonly pem: string;
  readonly key: KeyObject;
}

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

/**
 * The service that every edge calls. Besides what each method names, all throw the store's faults; UNAUTHORIZED and
 * FORBIDDEN mean this caller, always asked of the store with this caller's credentials.
 */
export interface Repositories {
  /** Asks the right to push, before any body is read. */
  begin(at: RepositoryCoordinates, caller: Caller, options?: CallOptions): Promise<Publication>;

  /**
   * Deletes a file, in one architecture or (undefined) in each that has it; returns the architectures it was deleted from
   * once no index lists it. PACKAGE_UNKNOWN where none had it.
   */
  withdraw(
    at: RepositoryCoordinates,
    file: { readonly architecture: string | undefined; readonly fileName: string },
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly string[]>;

  /** The index of one architecture; undefined where neither it nor noarch ever had a package. */
  openIndex(
    at: RepositoryCoordinates,
    architecture: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<SignedIndex | undefined>;

  /** What `openIndex` would say without asking the store; undefined where it would have to ask, or there is nothing. */
  peekIndex(at: RepositoryCoordinates, architecture: string, caller: Caller): SignedIndex | undefined;

  /** The packages of that index; undefined where `openIndex` is. */
  listIndex(
    at: RepositoryCoordinates,
    architecture: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<IndexListing | undefined>;

  /** A package under the name its index gives it; a noarch one under every architecture. */
  findPackage(
    at: RepositoryCoordinates,
    architecture: string,
    fileName: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<FoundPackage | undefined>;

  /** What `findPackage` would open, where index, right and bytes are at hand; undefined where the store would be asked. */
  peekPackage(
    at: RepositoryCoordinates,
    architecture: string,
    fileName: string,
    caller: Caller,
  ): PackageAtHand | undefined;

  /** All packages of an image, or of one branch, or of one repository in it; empty where there is nothing. */
  list(
    within: { readonly image: string; readonly branch?: string | undefined; readonly repository?: string | undefined },
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly ListedPackage[]>;

  /**
   * The images that hold packages and that the caller may read, by name, as far as the store lists images at all: undefined
   * where it doesn't, or not to this caller. Ends after some seconds with what it has found by then; a moment old at most.
   */
  images(caller: Caller, options?: CallOptions): Promise<ListedImages | undefined>;

  /** The repositories of an image. */
  repositories(image: string, caller: Caller, options?: CallOptions): Promise<readonly ListedRepository[]>;

  /** The public keys of an image's indexes, the primary first; empty where none has been made yet. */
  keys(image: string, caller: Caller, options?: CallOptions): Promise<readonly PublicKey[]>;

  /**
   * Whether the store shows this caller anything of the image: what is remembered of it is theirs only then. Throws
   * UNAUTHORIZED or FORBIDDEN where it refuses them.
   */
  authorize(image: string, caller: Caller, options?: CallOptions): Promise<boolean>;

  status(at: RepositoryCoordinates, caller: Caller, options?: CallOptions): Promise<RepositoryStatus>;
}
