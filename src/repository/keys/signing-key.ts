import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { GatewayError } from '../../errors.ts';
import type { SigningKey } from './signing-keys.ts';

/** Below this many bits a key is taken, but warned about. */
export const weakKeyBits = 2048;

const madeKeyBits = 4096;
// At most 87 characters: `.SIGN.RSA256.<file name>` has to fit the 100 bytes of a ustar header's name.
const plainFileName = /^[A-Za-z0-9][A-Za-z0-9@._+-]{0,86}$/;

/** Makes a private RSA key, off the main thread: it takes seconds. */
export type MakePrivateKey = () => Promise<KeyObject>;

/** A new private RSA key of 4096 bits. */
export async function makePrivateKey(): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: madeKeyBits });
  return privateKey;
}

/**
 * The private RSA key in a PEM file as abuild-keygen, melange or openssl write it: PKCS#1 or PKCS#8, encrypted or not.
 * `subject` names the file in the error. Throws SIGNING_KEY_INVALID.
 */
export function parsePrivateKey(pem: string, subject: string, passphrase?: string): KeyObject {
  const key = openPrivateKey(pem, subject, passphrase);
  if (key.asymmetricKeyType === 'rsa') return key;
  throw invalidKey(subject, `is a key of type ${key.asymmetricKeyType ?? 'unknown'}; apk and apko both need RSA`);
}

/** The same, or an EC key on P-256, which clients of Packages.adb know too: PKCS#8 or SEC 1. Throws SIGNING_KEY_INVALID. */
export function parseRsaOrEcKey(pem: string, subject: string, passphrase?: string): KeyObject {
  const key = openPrivateKey(pem, subject, passphrase);
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw invalidKey(subject, `is a key of type ${key.asymmetricKeyType ?? 'unknown'}; RSA is needed, or EC on P-256`);
}

function openPrivateKey(pem: string, subject: string, passphrase: string | undefined): KeyObject {
  if (!pem.includes('PRIVATE KEY-----')) {
    const isPublic = pem.includes('PUBLIC KEY-----');
    throw invalidKey(subject, isPublic ? 'is the public half; the private one is needed' : 'holds no PEM private key');
  }
  const isEncrypted = pem.includes('ENCRYPTED');
  if (isEncrypted && passphrase === undefined) throw invalidKey(subject, 'is encrypted and no passphrase is given');
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    throw invalidKey(subject, isEncrypted ? "can't be opened with this passphrase" : 'is damaged', cause);
  }
}

/** A signing key of a private half; `fileName` gets the key's id where it depends on it. Throws SIGNING_KEY_INVALID. */
export function signingKeyOf(privateKey: KeyObject, fileName: string | ((id: string) => string)): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const name = typeof fileName === 'string' ? fileName : fileName(keyIdOf(publicKey));
  if (!plainFileName.test(name)) throw invalidKey(JSON.stringify(name), "can't be a key's file name for clients");
  return { fileName: name, privateKey, publicKey };
}

/**
 * The id that apk 3 knows a public RSA key by, 32 hex digits: the first 16 bytes of the SHA-512 of its RSAPublicKey in DER
 * (RFC 8017 appendix A.1.1).
 */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'pkcs1', format: 'der' });
  return createHash('sha512').update(der).digest('hex').slice(0, 32);
}

/** The public half as clients install it: PEM, SPKI. The older RSAPublicKey form isn't read by every client. */
export function publicPemOf(key: Pick<SigningKey, 'publicKey'>): string {
  return key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** The modulus in bits. */
export function keyBitsOf(key: Pick<SigningKey, 'publicKey'>): number {
  return key.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
}

function invalidKey(subject: string, fault: string, cause?: unknown): GatewayError {
  return new GatewayError('SIGNING_KEY_INVALID', `signing key ${subject} ${fault}`, { cause });
}
