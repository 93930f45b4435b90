import { describe, expect, it } from 'vitest';
import { digestOf, digestOfHex, hexOf, isDigest } from '../../../src/oci/digest.ts';

describe('digests', () => {
  it('are SHA-256 of the bytes', () => {
    expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(digestOf(Buffer.from('abc'))).toBe(digestOf('abc'));
  });

  it('keep their hex form', () => {
    expect(digestOfHex(hexOf(digestOf('abc')))).toBe(digestOf('abc'));
    expect(() => digestOfHex('abc')).toThrow(TypeError);
  });

  it.each(['', 'sha256:', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(128)}`, `sha256:${'a'.repeat(64)}\n`, 7])(
    'are not %j',
    (text) => {
      expect(isDigest(text)).toBe(false);
    },
  );
});
