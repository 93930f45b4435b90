import type { KeyObject } from 'node:crypto';
import type { CallOptions, ImageStore } from '../../store/store.ts';

/** One key that signs indexes: RSA, but for those of `ofV3`. */
export interface SigningKey {
  /**
   * `<stem>.rsa.pub`, the name that `.SIGN.RSA256.<name>` carries and that clients install the public half under; of an EC key
   * `<stem>.pem`.
   */
  readonly fileName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface SigningKeysOptions extends CallOptions {
  /** Looks again, whatever is remembered. Default: no. */
  readonly refresh?: boolean | undefined;
  /** File names of keys that an index was seen signed with. One that isn't known is looked for, listed or not. */
  readonly signers?: readonly string[] | undefined;
}

/**
 * Where signing keys come from: files, key tags in the image, or a file beside the embedded store. Judges no rights: what is
 * remembered of an image is given to every caller, so whoever calls has asked first whether this one may see it. Besides
 * what each method names, both throw the store's faults.
 */
export interface SigningKeys {
  /** Whether each image has keys of its own, so that they say something of it; false where one set signs all. */
  readonly arePerImage: boolean;

  /**
   * The keys that sign this image's indexes, the primary first, at least one; or none where none has been made yet. All of
   * them sign, all of them are offered to clients. Cheap to call for each request. Throws SIGNING_KEY_LOCKED where keys are
   * there and this gateway can open none of them.
   */
  ofImage(store: ImageStore, options?: SigningKeysOptions): Promise<readonly SigningKey[]>;

  /** The same, but makes the first key where there is none, with this caller's right to push: never empty. */
  ofImageForWriting(store: ImageStore, options?: SigningKeysOptions): Promise<readonly SigningKey[]>;

  /** EC keys, which sign Packages.adb beside the others and nothing else, for all images. Left out: there are none. */
  readonly ofV3?: (() => Promise<readonly SigningKey[]>) | undefined;
}
