import { constants, createSign, createVerify, publicDecrypt, type KeyObject } from 'node:crypto';

/** The names that apk has for a signature's digest: SHA-1, SHA-256, SHA-512. The key may be RSA or EC. */
export type SignatureAlgorithm = 'RSA' | 'RSA256' | 'RSA512';

/** One signature as found; `algorithm` may be one that nobody knows. */
export interface Signature {
  readonly algorithm: string;
  /** The file name of the public key in a client's keys directory. */
  readonly keyName: string;
  readonly bytes: Uint8Array;
}

/** What is signed: the bytes, or their pieces in order, so that an index need not be joined to be signed. */
export type SignedContent = Uint8Array | readonly Uint8Array[];

const digestNames: Readonly<Record<SignatureAlgorithm, string>> = { RSA: 'sha1', RSA256: 'sha256', RSA512: 'sha512' };
// DER of DigestInfo up to the digest (RFC 8017 section 9.2, note 1)
const digestInfoHeads: Readonly<Record<SignatureAlgorithm, string>> = {
  RSA: '3021300906052b0e03021a05000414',
  RSA256: '3031300d060960864801650304020105000420',
  RSA512: '3051300d060960864801650304020305000440',
};
const namePattern = /^\.SIGN\.([A-Z0-9]+)\.([^/\0]+)$/;

/** Whether a tar entry of this name belongs to a signature member. */
export function isSignatureEntry(name: string): boolean {
  return name.startsWith('.SIGN.');
}

/** Algorithm and key name in `.SIGN.<algorithm>.<key name>`; undefined where clients would not find the key. */
export function parseSignatureName(name: string): Pick<Signature, 'algorithm' | 'keyName'> | undefined {
  const [, algorithm, keyName] = namePattern.exec(name) ?? [];
  return algorithm === undefined || keyName === undefined ? undefined : { algorithm, keyName };
}

/** Whether clients have a digest for this algorithm. */
export function isSignatureAlgorithm(algorithm: string): algorithm is SignatureAlgorithm {
  return Object.hasOwn(digestNames, algorithm);
}

/** A bare signature: PKCS #1 v1.5 with an RSA key, DER with an EC key. */
export function sign(content: SignedContent, key: KeyObject, algorithm: SignatureAlgorithm): Buffer {
  const signer = createSign(digestNames[algorithm]);
  for (const piece of piecesOf(content)) signer.update(piece);
  return signer.sign(key);
}

/** Whether `signature` was made over `content` with the private half of `publicKey`. */
export function verify(
  content: SignedContent,
  signature: Uint8Array,
  publicKey: KeyObject,
  algorithm: SignatureAlgorithm,
): boolean {
  const verifier = createVerify(digestNames[algorithm]);
  for (const piece of piecesOf(content)) verifier.update(piece);
  return verifier.verify(publicKey, signature);
}

/** The same where only the content's digest is left, as a package's summary has it. RSA keys only: false for others. */
export function verifyDigest(
  digest: Uint8Array,
  signature: Uint8Array,
  publicKey: KeyObject,
  algorithm: SignatureAlgorithm,
): boolean {
  if (publicKey.asymmetricKeyType !== 'rsa') return false;
  const expected = Buffer.concat([Buffer.from(digestInfoHeads[algorithm], 'hex'), digest]);
  try {
    return publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature).equals(expected);
  } catch {
    return false;
  }
}

/**
 * Whether a client that has these public keys, by file name, would trust the content: it takes the first signature whose
 * algorithm it knows and whose key it has, and no other.
 */
export function isTrusted(
  content: SignedContent,
  signatures: readonly Signature[],
  keys: ReadonlyMap<string, KeyObject>,
): boolean {
  for (const { algorithm, keyName, bytes } of signatures) {
    const key = keys.get(keyName);
    if (key !== undefined && isSignatureAlgorithm(algorithm)) return verify(content, bytes, key, algorithm);
  }
  return false;
}

function piecesOf(content: SignedContent): readonly Uint8Array[] {
  return content instanceof Uint8Array ? [content] : content;
}
