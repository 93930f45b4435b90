import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { SignIndex } from './index-writer.ts';

const signOffThread: (algorithm: string, data: Uint8Array, key: KeyObject) => Promise<Buffer> = promisify(sign);

/**
 * Signs with RSA256 under every key, primary first, and with `alsoSha1` once more with RSA for clients from before apk 2.7.
 * Off the main thread: a 4096-bit key takes several milliseconds, in which a gateway answers hundreds of readers.
 */
export function createSignIndex({ alsoSha1 = false }: { readonly alsoSha1?: boolean } = {}): SignIndex {
  return async (pieces, keys) => {
    const content = Buffer.concat(pieces);
    const made = (algorithm: 'RSA' | 'RSA256', digest: string) =>
      keys.map(async ({ fileName, privateKey }) => ({
        algorithm,
        keyName: fileName,
        bytes: await signOffThread(digest, content, privateKey),
      }));
    return await Promise.all([...made('RSA256', 'sha256'), ...(alsoSha1 ? made('RSA', 'sha1') : [])]);
  };
}
