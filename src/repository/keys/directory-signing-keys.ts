import { join } from 'node:path';
import { GatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import { createKeptCalls } from '../../concurrency/kept-calls.ts';
import { ifThere } from '../../files/errno.ts';
import { createTextFile, readTextFile } from '../../files/text-file.ts';
import { makePrivateKey, parsePrivateKey, signingKeyOf, type MakePrivateKey } from './signing-key.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

/** The file in the embedded store's folder that holds its signing key. */
export const directoryKeyFile = 'signing-key.rsa';

/**
 * The one signing key of an embedded store, for all its images: `signing-key.rsa` beside the data, made (RSA-4096, mode
 * 0600) when it is first asked for. Processes that make it at once end with the same one. Throws SIGNING_KEY_INVALID where
 * the file is there but no such key, and where it can't be made.
 */
export function createDirectorySigningKeys(
  deps: { readonly log: Log; readonly makeKey?: MakePrivateKey },
  options: { readonly directory: string },
): SigningKeys {
  const { log, makeKey = makePrivateKey } = deps;
  const file = join(options.directory, directoryKeyFile);
  const shareKeys = createKeptCalls<readonly SigningKey[]>({ max: 1 });
  const current = () => shareKeys(file, readOrMake);

  async function readOrMake(): Promise<readonly SigningKey[]> {
    const found = await readKey(file);
    if (found !== undefined) return [found];
    const privateKey = await makeKey();
    const isFirst = await createTextFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).catch(
      (cause: unknown) => {
        throw unusable(file, cause);
      },
    );
    // Read back, not taken from memory: another process may have been first.
    const made = await readKey(file);
    if (made === undefined) throw unusable(file, undefined);
    if (isFirst) log.audit({ action: 'key', outcome: 'accepted', key: made.fileName, file }, 'audit: signing key made');
    return [made];
  }

  return { arePerImage: false, ofImage: current, ofImageForWriting: current };
}

async function readKey(file: string): Promise<SigningKey | undefined> {
  try {
    const pem = await ifThere(readTextFile(file));
    return pem === undefined
      ? undefined
      : signingKeyOf(parsePrivateKey(pem, file), (id) => `lkard-${id.slice(0, 8)}.rsa.pub`);
  } catch (error) {
    throw error instanceof GatewayError ? error : unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): GatewayError {
  return new GatewayError('SIGNING_KEY_INVALID', `the signing key ${file} can't be read or made`, { cause });
}
