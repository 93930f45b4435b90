import type { CallOptions, ImageStore } from '../store/store.ts';
import type { KeyObject } from 'node:crypto';

/** One key that signs indexes. */
export interface SigningKey {
  /** `<stem>.rsa.pub`, the name that `.SIGN.RSA256.<name>` carries and that clients install the public half under. */
  readonly fileName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The keys of one image: `signing` all sign, the first is primary; `publicKeys` adds those that are only still offered. */
export interface KeyRing {
  readonly signing: readonly SigningKey[];
}

/** Where signing keys come from: files, key tags in the image, or a folder beside the embedded store. */
export interface SigningKeys {
  /**
   * The keys that sign this image's indexes, primary first; empty where none has been made yet. `store` is used only by the
   * source that keeps keys in the image. Cheap to call for each request.
   */
  ofImage(store: ImageStore, options?: CallOptions & { readonly refresh?: boolean }): Promise<readonly SigningKey[]>;

  /** The same, but makes the first key where there is none, with this caller's right to push. SIGNING_KEY_LOCKED where a key is there that can't be opened. */
  ofImageForWriting(store: ImageStore, options?: CallOptions): Promise<readonly SigningKey[]>;
}
