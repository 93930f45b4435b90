import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyIdOf, parsePrivateKey, publicPemOf, signingKeyOf } from '../../../src/repository/keys/signing-key.ts';
import { aPrivateKey, keyFixture } from '../../support/signing-keys.ts';

const read = (name: string) => readFileSync(keyFixture(name), 'utf8');

describe('a private key', () => {
  it.each([
    ['test-only-2048.rsa', undefined],
    ['test-only-2048.pkcs1.rsa', undefined],
    ['test-only-2048.encrypted.rsa', 'test-only'],
    ['test-only-2048.encrypted-pkcs1.rsa', 'test-only'],
    ['test-only-2048.rsa', 'a passphrase that this file does not need'],
  ])('is read from %s', (name, passphrase) => {
    const key = signingKeyOf(parsePrivateKey(read(name), name, passphrase), 'a.rsa.pub');
    expect(publicPemOf(key)).toBe(read('test-only-2048.rsa.pub'));
  });

  it.each([
    ['test-only-2048.encrypted.rsa', undefined],
    ['test-only-2048.encrypted-pkcs1.rsa', undefined],
    ['test-only-2048.encrypted.rsa', 'wrong'],
    ['test-only-2048.encrypted-pkcs1.rsa', 'wrong'],
    ['test-only-2048.rsa.pub', undefined],
    ['test-only-p256.pem', undefined],
    ['test-only-p256.sec1.pem', undefined],
    ['test-only-ed25519.pem', undefined],
    ['v3-key-ids.json', undefined],
  ])('is refused from %s with passphrase %s', (name, passphrase) => {
    expect(() => parsePrivateKey(read(name), name, passphrase)).toThrow(
      expect.objectContaining({ code: 'SIGNING_KEY_INVALID' }) as Error,
    );
  });

  it('says which type was refused and which is needed', () => {
    expect(() => parsePrivateKey(read('test-only-ed25519.pem'), 'k.pem')).toThrow(/k\.pem .*ed25519.*RSA/);
  });

  it.each(['a b.rsa.pub', '../a.rsa.pub', '', `${'a'.repeat(80)}.rsa.pub`])('is not named %j for clients', (name) => {
    expect(() => signingKeyOf(aPrivateKey(), name)).toThrow(
      expect.objectContaining({ code: 'SIGNING_KEY_INVALID' }) as Error,
    );
  });
});

it('gives a public key the id that apk 3 knows it by', () => {
  const ids = JSON.parse(read('v3-key-ids.json')) as Record<string, string>;
  for (const name of ['test-only-2048.rsa.pub', 'test-only-4096.rsa.pub']) {
    expect(keyIdOf(createPublicKey(read(name)))).toBe(ids[name]);
  }
});
