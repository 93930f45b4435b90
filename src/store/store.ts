import type { Readable } from 'node:stream';
import type { Digest } from '../oci/digest.ts';
import type { Stamp } from '../time/stamps.ts';

/**
 * Where content lives: manifests under tags and blobs under digests, image by image, as the OCI distribution-spec has
 * them. Two adapters keep these promises (registry-store.ts, directory-store.ts) and one contract suite holds both to
 * them. Nobody above this folder sees an HTTP status or an errno: every fault is a GatewayError.
 *
 * Faults that any call may throw:
 * UNAUTHORIZED (no or bad credentials), FORBIDDEN (these credentials lack the right; the message names it),
 * STORE_UNAVAILABLE (unreachable, or still failing after retries; `details.retryAfterSeconds` where it said so),
 * STORE_READ_ONLY (it takes no writes for now),
 * STORE_ANSWER_INVALID (an answer that breaks the spec), SIZE_EXCEEDED and DIGEST_MISMATCH (an answer that is not what
 * its descriptor says), ABORTED (the signal fired).
 *
 * Absence is `undefined` only where the store itself says that there is none. A 404 that says nothing of itself may
 * come from a front end whose back end is away, so it is STORE_UNAVAILABLE with `details.bare404`; "no such image", where this
 * caller has just read something of it, is STORE_UNAVAILABLE with `details.isContradiction`. Absence proves no right: a
 * registry may hide behind it what a caller may not see.
 */
export interface Store {
  /** What a person would call it, without credentials: `registry 127.0.0.1:5000`, `directory /var/lib/lkard`. */
  readonly description: string;

  /**
   * One image (an OCI repository) as one caller may see it. Asks nothing by itself. `requestId` is told to a registry with
   * all that is asked, so that its log and this gateway's can be read together.
   */
  image(image: string, credentials: Credentials, requestId?: string): ImageStore;

  /**
   * Names of images, at most `max`, in no order, as far as the store tells this caller of them; undefined where it keeps no
   * list. UNAUTHORIZED and FORBIDDEN where it shows none to this caller. A name is no promise that the caller may read it.
   */
  imageNames(
    credentials: Credentials,
    options: CallOptions & { readonly max: number },
  ): Promise<ImageNames | undefined>;

  /** The share of what may be asked for an image that is spent now, from 0 to 1; absent where nothing bounds that. */
  spent?(image: string): number;

  /** The present moment on the store's clock, which all gateways before it share as far as it tells the time. */
  stamp(): Stamp;

  /** Resolves when the store answers at all, whatever it says of rights; throws STORE_UNAVAILABLE otherwise. */
  ping(options?: CallOptions): Promise<void>;

  /** Whether it was ever seen to ask somebody who they are; absent where its configuration says that it does. */
  hasAskedWho?(): boolean;

  /** Ends idle connections. Calls under way are let finish. */
  close(): Promise<void>;
}

/** What a caller proves who they are with; `gateway` are the gateway's own, looked up per image. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'gateway' };

/** Some or all images of a store. */
export interface ImageNames {
  readonly names: readonly string[];
  /** False where there are more. */
  readonly isComplete: boolean;
}

export interface CallOptions {
  /** Ends the call with ABORTED, whatever it waits for. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the call may take in all, in ms: retries, logins and pauses that the store asks for too. Then, or at once where a
   * pause would take longer, STORE_UNAVAILABLE. Bodies that were opened are read on after it. Default: as long as the store's own
   * time-outs let it.
   */
  readonly patienceMs?: number | undefined;
}

export interface PushOptions extends CallOptions {
  /**
   * Sends the document at most once, so that STORE_UNAVAILABLE may mean that it lands later: for documents that must not come
   * back after another took their place. Default: sent again where the answer was lost.
   */
  readonly isOnce?: boolean | undefined;
}

export interface UploadOptions extends CallOptions {
  /** Uploads what the store claims to have, too: for a blob that couldn't be read. Default: false. */
  readonly isAnew?: boolean | undefined;
}

/** What a reference names. `mediaType` is what the store says, which a reader checks against the document. */
export interface Resolved {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

/** A manifest's own bytes, already checked: `digest` is computed from them, never copied from a header. */
export interface FetchedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A blob by what it must turn out to be. */
export interface BlobDescriptor {
  readonly digest: Digest;
  readonly size: number;
}

/** Inclusive byte offsets, already cut to the blob's size by the caller (RFC 9110 section 14.1.2). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A blob on its way. `stream` delivers exactly the bytes asked for; a whole blob that turns out shorter, longer or of
 * another digest destroys the stream with DIGEST_MISMATCH before its last chunk is delivered, so that no reader takes it
 * for complete. One that was opened must be read or destroyed.
 */
export interface OpenBlob {
  readonly stream: Readable;
  readonly size: number;
}

/** Content to upload, that can be opened again for a retry. */
export interface BlobSource extends BlobDescriptor {
  /** A fresh stream (or the bytes) from the first byte on, each time it is called. */
  open(): Readable | Uint8Array;
  /** Called where the store has taken all of it ahead, and has yet to put it in its place. */
  readonly onSent?: () => void;
}

/** An upload session: proof, before any content is read, that this caller may push to this image. */
export interface BlobUpload {
  /**
   * Sends content of so many bytes ahead of `finish`, while it still comes. What it returns takes one piece after the other (not
   * copied), resolves when more may come and never rejects: where anything goes wrong, `finish` sends all of it again. Absent where
   * a store gains nothing by it.
   */
  readonly ahead?: (size: number, options?: CallOptions) => (piece: Uint8Array) => Promise<void>;
  /** Uploads the content and closes the session; done when the store has the blob. */
  finish(source: BlobSource, options?: UploadOptions): Promise<void>;
  /** Gives the session back. Never throws: an abandoned session costs the registry nothing that its own upkeep won't find. */
  cancel(): Promise<void>;
}

export interface ImageStore {
  readonly image: string;

  /** The digest under a tag (or of a digest) without its content; undefined where there is none. */
  resolve(reference: string, options?: CallOptions): Promise<Resolved | undefined>;

  /** The manifest under a tag or digest, at most 4 MiB; undefined where there is none. */
  fetchManifest(reference: string, options?: CallOptions): Promise<FetchedManifest | undefined>;

  /**
   * Puts a manifest under a tag, replacing what stood there. Throws BLOB_UNKNOWN where the store misses a blob that it
   * names, TAG_IMMUTABLE where the registry forbids to replace the tag, PACKAGE_UNSUPPORTED never: a registry that refuses
   * the document itself is STORE_ANSWER_INVALID with `details.refused = true`.
   */
  pushManifest(tag: string, manifest: { mediaType: string; bytes: Uint8Array }, options?: PushOptions): Promise<Digest>;

  /**
   * Every tag of the image, in no order, without duplicates, as far as the store's listing knows (best effort: it may lag
   * behind both puts and deletes); empty where the store says that the image doesn't exist. At most 1,000,000 tags, else SIZE_EXCEEDED.
   */
  tags(options?: CallOptions): Promise<readonly string[]>;

  /**
   * Removes a tag: by name, else by its manifest's digest (so a manifest must not be shared between tags). Also done where
   * it was gone already. Throws DELETE_UNSUPPORTED where the store can do neither; UNAUTHORIZED and FORBIDDEN stay what
   * they are.
   */
  deleteTag(tag: string, options?: CallOptions): Promise<void>;

  /**
   * Removes a manifest, and with it whatever tag names it: for one that no tag names any more. Also done where it was gone
   * already. Throws DELETE_UNSUPPORTED where the store can't; UNAUTHORIZED and FORBIDDEN stay what they are.
   */
  deleteManifest(digest: Digest, options?: CallOptions): Promise<void>;

  /**
   * Whether the store says that the image has this blob; a file of another `size`, where that is known, is none. A hint that
   * may save an upload: false isn't a proof of absence, and true none that it can be read.
   */
  hasBlob(digest: Digest, options?: CallOptions & { readonly size?: number | undefined }): Promise<boolean>;

  /**
   * Whether the blob can be read now: its last byte, or all of a small one. False as well where the store promises it and
   * delivers something else or breaks off each time (what a registry's collection may leave), which another upload mends.
   */
  isReadable(blob: BlobDescriptor, options?: CallOptions): Promise<boolean>;

  /** Opens a blob, or one range of it; undefined where there is none. */
  openBlob(
    blob: BlobDescriptor,
    options?: CallOptions & { range?: ByteRange | undefined },
  ): Promise<OpenBlob | undefined>;

  /**
   * Where the store would send a client for this blob by itself (a URL the client may follow without credentials), or
   * undefined where it would stream it.
   */
  locateBlob(blob: BlobDescriptor, options?: CallOptions): Promise<URL | undefined>;

  /**
   * Makes a blob of another image of this store one of this image too, without its bytes passing through here: for a caller who
   * may read there and push here, else UNAUTHORIZED or FORBIDDEN. False where the store didn't do it, because it has no such
   * blob there or never does it: many registries don't say which.
   */
  mountBlob(blob: BlobDescriptor, from: string, options?: CallOptions): Promise<boolean>;

  /** Opens an upload session, which asks for the right to push; UNAUTHORIZED or FORBIDDEN where there is none. */
  startUpload(options?: CallOptions): Promise<BlobUpload>;

  /** Uploads a small blob, unless it is known to be there. */
  pushBlob(bytes: Uint8Array, options?: UploadOptions): Promise<BlobDescriptor>;
}
