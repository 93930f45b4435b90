import { createPublicKey } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { GivenSettings } from '../../../src/config/settings.ts';
import { v3File, v3Parts, v3Signature } from '../../support/a-v3-apk.ts';
import { anApk, type ApkSigner } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { aPrivateKey, keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const by = (key: string, algorithm: ApkSigner['algorithm'] = 'RSA256', keyName = `${key}.pub`): ApkSigner => ({
  key: aPrivateKey(key),
  keyName,
  algorithm,
});
const trusted = 'test-only-2048.rsa';
const untrusted = 'test-only-untrusted.rsa';

async function aGateway(settings: GivenSettings) {
  const gateway = await startGateway({ settings });
  onTestFinished(() => gateway.stop());
  let version = 0;
  return async (signWith?: ApkSigner, place = 'edge/main') => {
    const body = anApk({ name: 'hello', version: `${(version += 1)}-r0`, ...(signWith && { signWith }) });
    const answer = await fetch(`${gateway.url}/apk/team/app/${place}/push`, { method: 'PUT', body });
    return `${answer.status} ${await answer.text()}`;
  };
}

it.each(['RSA', 'RSA256', 'RSA512'] as const)(
  'takes only packages that a required key signed, by %s',
  async (algorithm) => {
    const push = await aGateway({ 'require-signed-by': [keyFixture(`${trusted}.pub`)] });
    expect(await push(by(trusted, algorithm))).toMatch(/^201/);
    expect(await push(by(trusted, algorithm, 'another-name.rsa.pub'))).toMatch(/^201/);
    expect(await push(by(untrusted, algorithm))).toMatch(/^403 .*is signed by test-only-untrusted.rsa.pub/);
    // The name of a trusted key is no signature of it.
    expect(await push(by(untrusted, algorithm, `${trusted}.pub`))).toMatch(/^403/);
    expect(await push()).toMatch(/^403 .*is not signed/);
  },
);

it.each(['test-only-2048.rsa', 'test-only-p256.pem'])(
  'takes only v3 packages that a required key signed: %s',
  async (name) => {
    const keys = (file: string) => ({ privateKey: aPrivateKey(file), publicKey: createPublicKey(aPrivateKey(file)) });
    const publicFile = name.endsWith('.pem') ? 'test-only-p256.pub.pem' : `${name}.pub`;
    const gateway = await startGateway({ settings: { 'require-signed-by': [keyFixture(publicFile)] } });
    onTestFinished(() => gateway.stop());
    const push = async (version: string, ...signers: readonly string[]) => {
      const { payload, data } = v3Parts({ name: 'fresh', version });
      const signatures = await Promise.all(signers.map((signer) => v3Signature(payload, keys(signer))));
      const body = new Uint8Array(v3File(payload, { signatures, data }));
      const answer = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, { method: 'PUT', body });
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await push('1-r0')).toMatch(/^403 .*is not signed/);
    expect(await push('1-r0', untrusted)).toMatch(/^403 .*is signed by [0-9a-f]{32}, and that is no key of those/);
    expect(await push('1-r0', untrusted, name)).toMatch(/^201/);
    const listed = (await (await fetch(`${gateway.url}/_packages/apk/team/app`)).json()) as { signature: object }[];
    expect(listed.map(({ signature }) => signature)).toEqual([{ verdict: 'valid', keyNames: [publicFile] }]);
  },
);

it('takes all packages where nothing is required', async () => {
  const push = await aGateway({});
  expect(await push()).toMatch(/^201/);
  expect(await push(by(untrusted))).toMatch(/^201/);
});

it('reads a folder of keys, and what a policy says of one place', async () => {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  const keys = join(folder.path, 'keys');
  await mkdir(keys);
  await copyFile(keyFixture(`${trusted}.pub`), join(keys, `${trusted}.pub`));
  await copyFile(keyFixture(`${untrusted}.pub`), join(folder.path, 'other.pub'));
  const policy = join(folder.path, 'policy.yaml');
  await writeFile(policy, 'packageSignatures:\n  - { images: "team/*", branches: [v1], keys: [other.pub] }\n');
  const push = await aGateway({ 'require-signed-by': [keys], 'trusted-publishers': policy });
  expect(await push(by(trusted))).toMatch(/^201/);
  expect(await push(by(untrusted))).toMatch(/^403/);
  expect(await push(by(untrusted), 'v1/main')).toMatch(/^201/);
  expect(await push(by(trusted), 'v1/main')).toMatch(/^403/);
});

it.each([
  ['a private key', keyFixture(trusted), /is no public key/],
  ['a key that signs no packages', keyFixture('test-only-ed25519.pub.pem'), /neither an RSA nor an EC key/],
  ['nothing', '/nowhere/at-all', /can't be read/],
])('does not start with %s for a key', async (_name, file, message) => {
  await expect(startGateway({ settings: { 'require-signed-by': [file] } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message) as string,
  });
});
