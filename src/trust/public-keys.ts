import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GatewayError } from '../errors.ts';
import { isAdbKey } from '../apk/adb/signature.ts';
import { readTextFile } from '../files/text-file.ts';

/** A public key and the name of the file that it was read from. */
export interface NamedKey {
  readonly fileName: string;
  readonly key: KeyObject;
}

const maxKeyFiles = 1000;

/**
 * The public keys, RSA or EC, in a PEM file, or in all files `*.pub` and `*.pem` of a folder such as `/etc/apk/keys`. Throws CONFIG_INVALID where
 * there is none or one can't be used.
 */
export async function readPublicKeys(path: string): Promise<readonly NamedKey[]> {
  const files = await publicKeyFiles(path);
  if (files.length === 0) throw unusable(path, 'has no *.pub or *.pem file');
  return Promise.all(files.map(readPublicKey));
}

/** The files that such a path stands for, at most 1,000. Throws CONFIG_INVALID where it can't be read. */
export async function publicKeyFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => /\.(pub|pem)$/.test(name))
      .slice(0, maxKeyFiles)
      .map((name) => join(path, name));
  } catch (cause) {
    throw unusable(path, "can't be read", cause);
  }
}

async function readPublicKey(file: string): Promise<NamedKey> {
  const pem = await readTextFile(file).catch((cause: unknown) => {
    throw unusable(file, "can't be read", cause);
  });
  // A private key would do as well, and be where it doesn't belong.
  if (!/-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) throw unusable(file, 'is no public key in PEM');
  const key = keyIn(pem, file);
  if (!isAdbKey(key)) throw unusable(file, 'is neither an RSA nor an EC key, and packages are signed with those alone');
  return { fileName: basename(file), key };
}

function keyIn(pem: string, file: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw unusable(file, 'is no public key in PEM', cause);
  }
}

function unusable(path: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${path} ${reason}`, { cause });
}
