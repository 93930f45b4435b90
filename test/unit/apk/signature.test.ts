import { createPrivateKey, createPublicKey } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { signatureMember } from '../../../src/apk/index/signature-member.ts';
import { isTrusted, parseSignatureName, sign, verify, verifyDigest } from '../../../src/apk/signature.ts';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import { readFixture } from './fixtures.ts';

const rsa = createPrivateKey(readFixture('keys/test-only-2048.rsa'));
const content = Buffer.from('the content member');

describe('signatures', () => {
  it.each(['test-only-2048.rsa', 'test-only-2048.pkcs1.rsa', 'test-only-4096.rsa', 'test-only-p256.pem'])(
    'made with %s verify under each algorithm, and over changed content do not',
    (name) => {
      const key = createPrivateKey(readFixture(`keys/${name}`));
      const publicKey = createPublicKey(key);
      for (const algorithm of ['RSA', 'RSA256', 'RSA512'] as const) {
        const signature = sign(content, key, algorithm);
        expect(verify(content, signature, publicKey, algorithm)).toBe(true);
        expect(verify(Buffer.from('another'), signature, publicKey, algorithm)).toBe(false);
      }
    },
  );

  it('are the same over pieces, and checked by digest too', () => {
    const signature = sign([content.subarray(0, 3), content.subarray(3)], rsa, 'RSA256');
    expect(signature).toEqual(sign(content, rsa, 'RSA256'));
    const digest = Buffer.from(hexOf(digestOf(content)), 'hex');
    const publicKey = createPublicKey(rsa);
    expect(verifyDigest(digest, signature, publicKey, 'RSA256')).toBe(true);
    expect(verifyDigest(digest, signature, publicKey, 'RSA512')).toBe(false);
    expect(verifyDigest(digest, signature.subarray(1), publicKey, 'RSA256')).toBe(false);
  });

  it('stand in one member, padded and without an end mark', () => {
    const bytes = sign(content, rsa, 'RSA256');
    const signatures = (['RSA256', 'RSA'] as const).map((algorithm) => ({ algorithm, keyName: 'a.rsa.pub', bytes }));
    const tar = gunzipSync(signatureMember(signatures));
    expect(tar).toHaveLength(4 * 512);
    expect(tar.toString('latin1', 0, 23)).toBe('.SIGN.RSA256.a.rsa.pub\0');
    expect(tar.subarray(512, 768)).toEqual(bytes);
    expect(tar.toString('latin1', 1024, 1044)).toBe('.SIGN.RSA.a.rsa.pub\0');
    expect(signatureMember(signatures)).toEqual(signatureMember(signatures));
  });

  it('are judged as a client does: the first it can check decides', () => {
    const good = { algorithm: 'RSA256', keyName: 'good', bytes: sign(content, rsa, 'RSA256') };
    const wrong = { ...good, bytes: Buffer.alloc(256) };
    const keys = new Map([['good', createPublicKey(rsa)]]);
    expect(
      isTrusted(content, [{ ...wrong, keyName: 'unknown' }, { ...wrong, algorithm: 'X' }, good, wrong], keys),
    ).toBe(true);
    expect(isTrusted(content, [wrong, good], keys)).toBe(false);
    expect(isTrusted(content, [], keys)).toBe(false);
  });

  it.each([
    ['.SIGN.RSA256.a.rsa.pub', { algorithm: 'RSA256', keyName: 'a.rsa.pub' }],
    ['.SIGN.RSA256.keys/a.rsa.pub', undefined],
    ['./.SIGN.RSA256.a.rsa.pub', undefined],
    ['.SIGN.RSA256.', undefined],
  ])('%s names %o', (name, expected) => {
    expect(parseSignatureName(name)).toEqual(expected);
  });
});
