import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { sign as signHere } from '../../apk/signature.ts';
import type { SignIndex } from './index-writer.ts';

const signOffThread: (algorithm: string, data: Uint8Array, key: KeyObject) => Promise<Buffer> = promisify(sign);

/** Another thread is given a copy of a copy: of more bytes they cost as much as the signature does, and twice the memory. */
const maxCopiedBytes = 4 * 1024 * 1024;

/**
 * Signs with RSA256 under every key, primary first, and with `alsoSha1` once more with RSA for clients from before apk 2.7.
 * Off the main thread where that isn't large: a 4096-bit key takes several milliseconds, in which a gateway answers hundreds
 * of readers.
 */
export function createSignIndex({ alsoSha1 = false }: { readonly alsoSha1?: boolean } = {}): SignIndex {
  return async (pieces, keys) => {
    const isLarge = pieces.reduce((sum, piece) => sum + piece.length, 0) > maxCopiedBytes;
    const content = isLarge ? pieces : Buffer.concat(pieces);
    const made = (algorithm: 'RSA' | 'RSA256', digest: string) =>
      keys.map(async ({ fileName, privateKey }) => ({
        algorithm,
        keyName: fileName,
        bytes:
          content instanceof Uint8Array
            ? await signOffThread(digest, content, privateKey)
            : signHere(content, privateKey, algorithm),
      }));
    return await Promise.all([...made('RSA256', 'sha256'), ...(alsoSha1 ? made('RSA', 'sha1') : [])]);
  };
}
