import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { decodeAesKey } from '../config/values.ts';
import { GatewayError } from '../errors.ts';
import type { Clock, InTurn, Log } from '../ports.ts';
import { createDirectorySigningKeys } from '../repository/keys/directory-signing-keys.ts';
import { openDataFolder } from '../files/data-folder.ts';
import { createTextFile, readTextFile } from '../files/text-file.ts';
import { createImageSigningKeys } from '../repository/keys/image-signing-keys.ts';
import { createKeyFileSigningKeys } from '../repository/keys/key-file-signing-keys.ts';
import { createKeySeal } from '../repository/keys/key-seal.ts';
import type { SigningKeys } from '../repository/keys/signing-keys.ts';

/**
 * The signing keys that a configuration asks for: key files, else the one beside the embedded store, else those in the
 * images. Throws SIGNING_KEY_INVALID and CONFIG_INVALID where a file can't be used.
 */
export async function openSigningKeys(
  config: Config,
  deps: { readonly clock: Clock; readonly log: Log; readonly inTurn?: InTurn | undefined },
): Promise<SigningKeys> {
  const { store, signing, dataDirectory } = config;
  const { keyFiles, passphrase } = signing;
  if (keyFiles.length > 0) return createKeyFileSigningKeys(deps, { files: keyFiles, passphrase });
  if (store.kind === 'directory') return createDirectorySigningKeys(deps, { directory: store.directory });
  const isSealable = signing.aesKey !== undefined || passphrase !== undefined;
  const aesKey = isSealable ? signing.aesKey : await openOwnAesKey(dataDirectory, deps.log);
  return createImageSigningKeys({ ...deps, seal: createKeySeal({ aesKey, passphrase }) });
}

/**
 * What all replicas of a configuration hold alike and nobody else does, to derive other keys from: the AES key, else the content
 * of the first key file; undefined where there is neither.
 */
export async function sharedSecret({ signing }: Pick<Config, 'signing'>): Promise<Uint8Array | undefined> {
  const [keyFile] = signing.keyFiles;
  if (signing.aesKey !== undefined || keyFile === undefined) return signing.aesKey;
  return Buffer.from(await readTextFile(keyFile));
}

async function openOwnAesKey(directory: string, log: Log): Promise<Uint8Array> {
  const file = resolve(directory, 'aes-key');
  await openDataFolder(directory, '--data');
  try {
    const isNew = await createTextFile(file, `${randomBytes(32).toString('hex')}\n`);
    const key = decodeAesKey(await readTextFile(file));
    if (key === undefined) throw new Error('it holds no 32 bytes in hex or base64');
    log.warn(
      { file },
      `${isNew ? 'made' : 'using'} an AES key of its own: every other replica needs this file, as --aes-key ${file}`,
    );
    return key;
  } catch (cause) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `neither --signing-key, --aes-key nor --key-passphrase is given, and ${file} can't be read or made`,
      { cause },
    );
  }
}
