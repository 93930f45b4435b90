import { basename } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { readTextFile } from '../../files/text-file.ts';
import { createWatchedFile, fileVersions, type WatchedFile } from '../../files/watched-file.ts';
import type { Clock, Log } from '../../ports.ts';
import { keyBitsOf, parseRsaOrEcKey, signingKeyOf, weakKeyBits } from './signing-key.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

export interface KeyFileOptions {
  /** Paths of private keys, the primary first. At least one. */
  readonly files: readonly string[];
  /** Opens those that are encrypted. */
  readonly passphrase?: string | undefined;
  /** How long a file is taken to be unchanged without looking. Default: 1,000 ms. */
  readonly lookAgainMs?: number | undefined;
}

/**
 * Signing keys from files, the same for every image, read again when a file changes (a Kubernetes Secret is swapped under a
 * running process). EC keys among them sign Packages.adb alone. Throws SIGNING_KEY_INVALID where one can't be used at the start
 * or none is RSA; later, the last good one goes on.
 */
export async function createKeyFileSigningKeys(
  deps: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly log: Log },
  options: KeyFileOptions,
): Promise<SigningKeys> {
  refuseSameNames(options.files);
  const files = options.files.map((file) => watchKeyFile(file, deps, options));
  const current = () => Promise.all(files.map((file) => file.current()));
  const ofType = async (type: 'rsa' | 'ec') =>
    (await current()).filter((key) => key.publicKey.asymmetricKeyType === type);
  // Also later, when a file may have changed: with none an index would be put unsigned.
  const ofImage = async () => {
    const keys = await ofType('rsa');
    if (keys.length === 0) throw onlyEc(options.files);
    return keys;
  };
  for (const key of await ofImage()) warnOfWeak(key, deps.log);
  return { arePerImage: false, ofImage, ofImageForWriting: ofImage, ofV3: () => ofType('ec') };
}

/** The name that clients install a key file's public half under: `me-5f3a.rsa` gives `me-5f3a.rsa.pub`, as abuild has it. */
export function clientFileNameOf(path: string): string {
  return `${stemOf(path)}.rsa.pub`;
}

function stemOf(path: string): string {
  return basename(path).replace(/\.(rsa|pem|key)$/, '');
}

function onlyEc(files: readonly string[]): GatewayError {
  return new GatewayError(
    'SIGNING_KEY_INVALID',
    `an RSA key is needed beside ${files.join(', ')}: EC keys sign Packages.adb alone, which apk 2 and apko don't read`,
  );
}

function refuseSameNames(files: readonly string[]): void {
  const names = files.map(clientFileNameOf);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw new GatewayError('SIGNING_KEY_INVALID', `two signing keys would both be ${twice} to clients; rename one`);
}

function watchKeyFile(
  file: string,
  { clock, log }: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly log: Log },
  { passphrase, lookAgainMs }: KeyFileOptions,
): WatchedFile<SigningKey> {
  return createWatchedFile(clock, {
    version: () => fileVersions(file),
    load: () => readKey(file, passphrase),
    lookAgainMs,
    onChange: (key) => {
      log.audit({ action: 'key', outcome: 'accepted', key: key.fileName }, 'audit: signing key read again');
      warnOfWeak(key, log);
    },
    onFault: (err) => {
      log.error({ err }, 'a signing key changed and can no longer be used; the last good one goes on signing');
    },
  });
}

async function readKey(file: string, passphrase: string | undefined): Promise<SigningKey> {
  const pem = await readTextFile(file).catch((cause: unknown) => {
    throw new GatewayError('SIGNING_KEY_INVALID', `signing key ${file} can't be read`, { cause });
  });
  const key = parseRsaOrEcKey(pem, file, passphrase);
  return signingKeyOf(key, key.asymmetricKeyType === 'ec' ? `${stemOf(file)}.pem` : clientFileNameOf(file));
}

function warnOfWeak(key: SigningKey, log: Log): void {
  if (key.publicKey.asymmetricKeyType !== 'rsa') return;
  const bits = keyBitsOf(key);
  if (bits < weakKeyBits) log.warn({ key: key.fileName, bits }, `a signing key has fewer than ${weakKeyBits} bits`);
}
