import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signature } from '../../apk/signature.ts';
import type { SigningKey } from '../keys/signing-keys.ts';
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

/** Signs, and may be told beforehand what will most likely be signed: a signature takes as long as a request or two. */
export interface ForesightedSign {
  readonly sign: SignIndex;
  /** Begins to sign. Wrong guesses cost their time in another thread. */
  foresee(pieces: readonly Uint8Array[], keys: readonly SigningKey[]): void;
}

interface Foreseen {
  readonly pieces: readonly Uint8Array[];
  readonly keys: readonly SigningKey[];
  readonly signatures: Promise<readonly Signature[]>;
}

/** Guesses that are kept until they are asked for, or others take their place. */
const maxForeseen = 8;

export function createForesightedSign(sign: SignIndex): ForesightedSign {
  const foreseen: Foreseen[] = [];

  return {
    async sign(pieces, keys) {
      const at = foreseen.findIndex((one) => isSame(one, pieces, keys));
      const [found] = at < 0 ? [] : foreseen.splice(at, 1);
      if (found === undefined) return await sign(pieces, keys);
      return await found.signatures.catch(() => sign(pieces, keys));
    },
    foresee(pieces, keys) {
      const signatures = sign(pieces, keys);
      // Whoever asks for it signs again.
      signatures.catch(() => undefined);
      foreseen.push({ pieces, keys, signatures });
      if (foreseen.length > maxForeseen) foreseen.shift();
    },
  };
}

/** The very same bytes and keys: a signature of anything else would be none. */
function isSame(one: Foreseen, pieces: readonly Uint8Array[], keys: readonly SigningKey[]): boolean {
  return (
    one.keys.length === keys.length &&
    one.keys.every((key, i) => key.privateKey === keys[i]?.privateKey && key.fileName === keys[i].fileName) &&
    one.pieces.length === pieces.length &&
    one.pieces.every((piece, i) => Buffer.compare(piece, pieces[i] ?? new Uint8Array()) === 0)
  );
}
