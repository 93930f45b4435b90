import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { GatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import { keyBitsOf, parsePrivateKey, signingKeyOf, weakKeyBits } from './signing-key.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

export interface KeyFileOptions {
  /** Paths of private keys, the primary first. At least one. */
  readonly files: readonly string[];
  /** Opens those that are encrypted. */
  readonly passphrase?: string | undefined;
  /** How long a file is taken to be unchanged without looking. Default: 1,000 ms. */
  readonly lookAgainMs?: number | undefined;
}

interface LoadedFile {
  readonly version: string;
  readonly key: SigningKey;
}

/**
 * Signing keys from files, the same for every image, read again when a file changes (a Kubernetes Secret is swapped under a
 * running process). Throws SIGNING_KEY_INVALID where one can't be used at the start; later, the last good ones go on.
 */
export async function createKeyFileSigningKeys(
  deps: { readonly clock: Pick<Clock, 'now'>; readonly log: Log },
  options: KeyFileOptions,
): Promise<SigningKeys> {
  const { clock, log } = deps;
  const { files, passphrase, lookAgainMs = 1000 } = options;
  let loaded = await loadAll(files, passphrase, []);
  let lookedAtMs = clock.now();
  warnOfWeak(loaded, log);

  async function current(): Promise<readonly SigningKey[]> {
    const nowMs = clock.now();
    if (nowMs - lookedAtMs >= lookAgainMs) {
      lookedAtMs = nowMs;
      loaded = await reload(loaded);
    }
    return loaded.map(({ key }) => key);
  }

  async function reload(before: readonly LoadedFile[]): Promise<readonly LoadedFile[]> {
    try {
      const after = await loadAll(files, passphrase, before);
      const changed = after.filter((file) => !before.includes(file));
      for (const { key } of changed) log.audit(auditedKey(key.fileName), 'audit: signing key read again');
      warnOfWeak(changed, log);
      return after;
    } catch (error) {
      log.error({ err: error }, 'a signing key changed and can no longer be used; the last good ones go on signing');
      return before;
    }
  }

  return { arePerImage: false, ofImage: current, ofImageForWriting: current };
}

/** The name that clients install a key file's public half under: `me-5f3a.rsa` gives `me-5f3a.rsa.pub`, as abuild has it. */
export function clientFileNameOf(path: string): string {
  return `${basename(path).replace(/\.(rsa|pem|key)$/, '')}.rsa.pub`;
}

async function loadAll(
  files: readonly string[],
  passphrase: string | undefined,
  before: readonly LoadedFile[],
): Promise<readonly LoadedFile[]> {
  const loaded = await Promise.all(files.map((file, at) => load(file, passphrase, before[at])));
  const names = loaded.map(({ key }) => key.fileName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return loaded;
  throw new GatewayError('SIGNING_KEY_INVALID', `two signing keys would both be ${twice} to clients; rename one`);
}

async function load(file: string, passphrase: string | undefined, before?: LoadedFile): Promise<LoadedFile> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (before?.version === version) return before;
    const privateKey = parsePrivateKey(await readFile(file, 'utf8'), file, passphrase);
    return { version, key: signingKeyOf(privateKey, clientFileNameOf(file)) };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('SIGNING_KEY_INVALID', `signing key ${file} can't be read`, { cause: error });
  }
}

function warnOfWeak(files: readonly LoadedFile[], log: Log): void {
  for (const { key } of files) {
    const bits = keyBitsOf(key);
    if (bits < weakKeyBits) log.warn({ key: key.fileName, bits }, `a signing key has fewer than ${weakKeyBits} bits`);
  }
}

function auditedKey(key: string): object {
  return { action: 'key', outcome: 'accepted', key };
}
