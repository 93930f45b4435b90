import { hash } from 'node:crypto';

/** An OCI digest, always `sha256:` and 64 lower-case hex digits here (OCI image-spec, descriptor, "Digests"). */
export type Digest = `sha256:${string}`;

const sha256Pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest this program can check: SHA-256, the one algorithm that every registry computes. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && sha256Pattern.test(text);
}

/** The SHA-256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes)}`;
}

/** The digest whose 64 hex digits are `hex`. A hex of another form is the caller's mistake. */
export function digestOfHex(hex: string): Digest {
  const digest = `sha256:${hex}`;
  if (!isDigest(digest)) throw new TypeError(`not the hex form of a SHA-256: ${hex}`);
  return digest;
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
