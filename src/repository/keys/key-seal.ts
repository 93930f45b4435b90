import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors } from 'jose';
import * as z from 'zod';

/** What a sealed private key says of itself, protected with it: nobody without the secret can alter it. */
export interface SealedFacts {
  /** The public half's id. */
  readonly keyId: string;
  /** The image it was made for: a copy planted in another image must not make this key sign there. */
  readonly image: string;
  /** When it was made, in seconds since 1970. */
  readonly madeAt: number;
}

/** Encrypts private keys for a place that anyone may read. */
export interface KeySeal {
  /** A compact JWE (RFC 7516). */
  seal(text: string, facts: SealedFacts): Promise<string>;
  /** The text and its facts, or undefined where these secrets don't open it. */
  open(jwe: string): Promise<{ readonly text: string; readonly facts: SealedFacts } | undefined>;
}

export interface KeySealOptions {
  /** 32 bytes. Seals, where given. */
  readonly aesKey?: Uint8Array | undefined;
  /** Seals where no AES key is given; opens in any case, so that a gateway can move from one to the other. */
  readonly passphrase?: string | undefined;
  /** Rounds of PBKDF2 for a passphrase, at least 1,000. Default: 600,000. */
  readonly passphraseRounds?: number | undefined;
}

const factsSchema = z.object({ kid: z.string(), image: z.string(), iat: z.int().nonnegative() });
const encryption = 'A256GCM';

/** A seal of JWE: `dir` under an AES key, PBES2 (RFC 7518 section 4.8) under a passphrase. */
export function createKeySeal(options: KeySealOptions): KeySeal {
  const { aesKey, passphrase, passphraseRounds = 600_000 } = options;
  const passphraseBytes = passphrase === undefined ? undefined : Buffer.from(passphrase);
  if (aesKey === undefined && passphraseBytes === undefined)
    throw new TypeError('an AES key or a passphrase is needed');
  if (aesKey !== undefined && aesKey.length !== 32) throw new TypeError('an AES key of 32 bytes is needed');

  return {
    async seal(text, { keyId, image, madeAt }) {
      const alg = aesKey === undefined ? 'PBES2-HS512+A256KW' : 'dir';
      const jwe = new CompactEncrypt(Buffer.from(text)).setProtectedHeader({
        alg,
        enc: encryption,
        kid: keyId,
        image,
        iat: madeAt,
      });
      if (aesKey !== undefined) return jwe.encrypt(aesKey);
      return jwe.setKeyManagementParameters({ p2c: passphraseRounds }).encrypt(passphraseBytes ?? new Uint8Array());
    },

    async open(jwe) {
      const alg = algorithmOf(jwe);
      const secret = alg === 'dir' ? aesKey : passphraseBytes;
      if (alg === undefined || secret === undefined) return undefined;
      try {
        // A planted JWE may not cost more than one of ours.
        const { plaintext, protectedHeader } = await compactDecrypt(jwe, secret, {
          keyManagementAlgorithms: [alg],
          contentEncryptionAlgorithms: [encryption],
          maxPBES2Count: passphraseRounds,
        });
        const { kid, image, iat } = factsSchema.parse(protectedHeader);
        return { text: Buffer.from(plaintext).toString(), facts: { keyId: kid, image, madeAt: iat } };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}

function algorithmOf(jwe: string): 'dir' | 'PBES2-HS512+A256KW' | undefined {
  try {
    const { alg } = decodeProtectedHeader(jwe);
    return alg === 'dir' || alg === 'PBES2-HS512+A256KW' ? alg : undefined;
  } catch {
    return undefined;
  }
}
