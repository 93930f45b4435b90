import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verify } from '../../../../src/apk/signature.ts';
import { createSignIndex } from '../../../../src/repository/publishing/sign-index.ts';
import { aSigningKey } from '../../../support/a-repository.ts';

describe('the signatures of an index', () => {
  it.each([
    ['a small one', [1_000, 2_000]],
    ['one of 12 MiB', [5 * 2 ** 20, 7 * 2 ** 20]],
  ])('are of all its pieces, for old clients too: %s', async (_what, sizes) => {
    const pieces = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
    const key = aSigningKey();
    const signatures = await createSignIndex({ alsoSha1: true })(pieces, [key]);
    expect(signatures.map(({ keyName }) => keyName)).toEqual([key.fileName, key.fileName]);
    const publicKey = createPublicKey(key.privateKey);
    for (const [i, algorithm] of (['RSA256', 'RSA'] as const).entries()) {
      const { bytes } = signatures[i]!;
      expect(signatures[i]!.algorithm).toBe(algorithm);
      expect(verify(pieces, bytes, publicKey, algorithm)).toBe(true);
      expect(verify(pieces.slice(1), bytes, publicKey, algorithm)).toBe(false);
    }
  });
});
