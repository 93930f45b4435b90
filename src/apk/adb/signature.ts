import { createHash, createVerify, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SchemaName } from './layout.ts';
import type { FaultOf } from './payload-reader.ts';

/** A signature block as found (docs/adb.md, 7). */
export interface AdbSignature {
  /** 32 hex digits; names no file: clients find the key by it. */
  readonly keyId: string;
  readonly hashAlgorithm: number;
  /** The whole block's payload. */
  readonly bytes: Uint8Array;
}

/** What a signature is made over: the schema, and digests of the payload by the number of their algorithm. */
export interface SignedPayload {
  readonly schema: SchemaName;
  readonly digests: ReadonlyMap<number, Uint8Array>;
}

/** Numbers of hash algorithms (docs/adb.md, 7). */
export const hashAlgorithms = { sha256: 3, sha512: 4, sha256Short: 5 } as const;

const headBytes = 18;
const keyIdBytes = 16;
const signOffThread: (algorithm: string, data: Uint8Array, key: KeyObject) => Promise<Buffer> = promisify(sign);

/** The digests of a payload that a signature may name. */
export function payloadDigests(sha256: Uint8Array, sha512: Uint8Array): SignedPayload['digests'] {
  return new Map([
    [hashAlgorithms.sha256, sha256],
    [hashAlgorithms.sha512, sha512],
    [hashAlgorithms.sha256Short, sha256.subarray(0, 20)],
  ]);
}

/**
 * The id that clients know an RSA or EC key by, 32 hex digits: the beginning of the SHA-512 of its RSAPublicKey in DER
 * (RFC 8017, A.1.1) or of its uncompressed point (SEC 1, 2.3.3).
 */
export function adbKeyId(publicKey: KeyObject): string {
  const bare = publicKey.asymmetricKeyType === 'rsa' ? rsaPublicKey(publicKey) : ecPoint(publicKey);
  return createHash('sha512')
    .update(bare)
    .digest('hex')
    .slice(0, keyIdBytes * 2);
}

/** Takes a block's payload apart. Throws what `faultOf` makes. */
export function parseAdbSignature(bytes: Uint8Array, faultOf: FaultOf): AdbSignature {
  const [version, hashAlgorithm] = bytes;
  if (version !== 0) throw faultOf(`a signature of unknown version ${version ?? ''}`);
  if (hashAlgorithm === undefined || bytes.length <= headBytes) throw faultOf('a signature block without a signature');
  return { keyId: Buffer.from(bytes.subarray(2, headBytes)).toString('hex'), hashAlgorithm, bytes };
}

/** The payload of a signature block; `publicKey` is the other half of `privateKey`, RSA or EC. Works off the main thread. */
export async function signAdb(signed: SignedPayload, privateKey: KeyObject, publicKey: KeyObject): Promise<Uint8Array> {
  const head = Buffer.from([0, hashAlgorithms.sha512, ...Buffer.from(adbKeyId(publicKey), 'hex')]);
  return Buffer.concat([head, await signOffThread('sha512', signedBytes(signed, head), privateKey)]);
}

/** Whether a signature was made over that payload with the private half of `publicKey`, and says so. */
export function isSignedBy(signed: SignedPayload, signature: AdbSignature, publicKey: KeyObject): boolean {
  if (!isAdbKey(publicKey) || signature.keyId !== adbKeyId(publicKey)) return false;
  if (!signed.digests.has(signature.hashAlgorithm)) return false;
  const head = signature.bytes.subarray(0, headBytes);
  const verifier = createVerify('sha512').update(signedBytes(signed, head));
  return verifier.verify(publicKey, signature.bytes.subarray(headBytes));
}

/** Whether clients take such a key: RSA, or EC. */
export function isAdbKey(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec';
}

function signedBytes({ schema, digests }: SignedPayload, head: Uint8Array): Buffer {
  const digest = digests.get(head[1] ?? 0) ?? Buffer.alloc(0);
  return Buffer.concat([Buffer.from(schema, 'latin1'), head, digest]);
}

function rsaPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs1', format: 'der' });
}

function ecPoint(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}
