import type { KeyObject } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ByteRange, CallOptions } from '../../store/store.ts';
import type { Caller } from './caller.ts';

/** A signed index as it goes out. */
export interface SignedIndex {
  readonly format: 'v2' | 'v3';
  /** The whole APKINDEX.tar.gz or Packages.adb; one buffer, shared by all its readers. */
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
  readonly entry: IndexV3Entry;
  readonly fileName: string;
  readonly digest: Digest;
  readonly size: number;
  readonly pushedAt: Date;
  /** A date that no other content of this name shares. */
  readonly lastModified: Date | undefined;
  /** Where no index lists it any more: what became of it, and until when it can be fetched all the same. */
  readonly kept?: { readonly why: 'deleted' | 'withdrawn'; readonly until: Date } | undefined;
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

/** A public key as clients are to install it. */
export interface PublicKey {
  /** `<stem>.rsa.pub`: the name in `.SIGN.*` and in /etc/apk/keys; `<stem>.pem` of an EC key, which signs Packages.adb alone. */
  readonly fileName: string;
  /** PEM SPKI. */
  readonly pem: string;
  readonly key: KeyObject;
}

/** What package managers fetch. */
export interface RepositoryReading {
  /** The index of one architecture; undefined where neither it nor noarch ever had a package. */
  openIndex(
    at: RepositoryCoordinates,
    architecture: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<SignedIndex | undefined>;

  /** What `openIndex` would say without asking the store; undefined where it would have to ask, or there is nothing. */
  peekIndex(at: RepositoryCoordinates, architecture: string, caller: Caller): SignedIndex | undefined;

  /** The same as Packages.adb, which lists the packages of both formats. */
  openIndexV3(at: RepositoryCoordinates, architecture: string, caller: Caller): Promise<SignedIndex | undefined>;

  /** What `openIndexV3` would say without asking the store or making anything. */
  peekIndexV3(at: RepositoryCoordinates, architecture: string, caller: Caller): SignedIndex | undefined;

  /** A package under the name its index gives it; a noarch one under every architecture. */
  findPackage(
    at: RepositoryCoordinates,
    architecture: string,
    fileName: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<FoundPackage | undefined>;

  /** What was deleted or withdrawn under a name in any architecture and can still be fetched, each content once. */
  findKept(
    at: RepositoryCoordinates,
    fileName: string,
    caller: Caller,
    options?: CallOptions,
  ): Promise<readonly FoundPackage[]>;

  /** What `findPackage` would open, where index, right and bytes are at hand; undefined where the store would be asked. */
  peekPackage(
    at: RepositoryCoordinates,
    architecture: string,
    fileName: string,
    caller: Caller,
  ): PackageAtHand | undefined;

  /** The public keys of an image's indexes, the primary first; empty where none has been made yet. */
  keys(image: string, caller: Caller, options?: CallOptions): Promise<readonly PublicKey[]>;

  /**
   * Whether the store shows this caller anything of the image: what is remembered of it is theirs only then. Throws
   * UNAUTHORIZED or FORBIDDEN where it refuses them.
   */
  authorize(image: string, caller: Caller, options?: CallOptions): Promise<boolean>;
}
