import { afterAll, beforeAll, expect, it } from 'vitest';
import { anApk, type ApkSigner } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry } from '../../support/private-registry.ts';
import { aPrivateKey, keyFixture } from '../../support/signing-keys.ts';

const known = 'test-only-2048.rsa';
const stranger = 'test-only-untrusted.rsa';
const by = (key: string, keyName = `${key}.pub`): ApkSigner => ({ key: aPrivateKey(key), keyName });
const authorization = `Basic ${Buffer.from('alice:pw').toString('base64')}`;

let registry: PrivateRegistry;
let gateway: TestGateway;
beforeAll(async () => {
  registry = await startPrivateRegistry({ alice: { password: 'pw', images: { '*': ['pull', 'push', 'delete'] } } });
  gateway = await aGateway({ 'known-signers': [keyFixture(`${known}.pub`)] });
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
});

const aGateway = (settings = {}) => startGateway({ store: { registry: registry.host }, settings });
const push = async (name: string, signWith?: ApkSigner, { url } = gateway, image = 'team/app') => {
  const body = anApk({ name, version: '1-r0', ...(signWith && { signWith }) });
  const answer = await fetch(`${url}/apk/${image}/edge/main/push`, { method: 'PUT', body, headers: { authorization } });
  expect([answer.status, await answer.text()]).toEqual([201, expect.anything()]);
};

interface Listed {
  readonly name: string;
  readonly signature: { readonly verdict: string; readonly keyNames: readonly string[] };
}
const verdicts = (listed: readonly Listed[]) =>
  Object.fromEntries(listed.map(({ name, signature }) => [name, [signature.verdict, ...signature.keyNames]]));
const listing = async (path: string, { url } = gateway) =>
  (await fetch(`${url}${path}`, { headers: { authorization } })).json();

it('a package keeps what was found out about its signatures, and every listing of every replica tells it', async () => {
  await push('signed', by(known));
  await push('renamed', by(known, 'another-name.rsa.pub'));
  await push('foreign', by(stranger));
  await push('forged', by(stranger, `${known}.pub`));
  await push('bare');
  const told = {
    signed: ['valid', `${known}.pub`],
    // A client looks for the key under this name, and whose key it is has been found out all the same.
    renamed: ['valid', `${known}.pub`],
    foreign: ['unknown', `${stranger}.pub`],
    forged: ['invalid', `${known}.pub`],
    bare: ['none'],
  };
  expect(verdicts((await listing('/_packages/apk/team/app')) as Listed[])).toEqual(told);
  const page = (await listing('/apk/team/app/edge/main/packages.json')) as { packages: Listed[] };
  expect(verdicts(page.packages)).toEqual(told);
  // A replica that knows no keys has it from the index, not from memory.
  const other = await aGateway();
  expect(verdicts((await listing('/_packages/apk/team/app', other)) as Listed[])).toEqual(told);
  await other.stop();
});

it('it is read from the packages again where the index is lost', async () => {
  await push('kept', by(known), gateway, 'team/lost');
  const tags = (await listing('/_packages/apk/team/lost')) as Listed[];
  expect(verdicts(tags)).toEqual({ kept: ['valid', `${known}.pub`] });
  const list = (await (
    await fetch(`http://${registry.host}/v2/team/lost/tags/list`, { headers: await bearer('team/lost') })
  ).json()) as { tags: string[] };
  const index = list.tags.find((tag) => tag.startsWith('index-')) ?? '';
  const deleted = await fetch(`http://${registry.host}/v2/team/lost/manifests/${index}`, {
    method: 'DELETE',
    headers: await bearer('team/lost'),
  });
  expect(deleted.status).toBe(202);
  const other = await aGateway();
  expect(verdicts((await listing('/_packages/apk/team/lost', other)) as Listed[])).toEqual({
    kept: ['valid', `${known}.pub`],
  });
  await other.stop();
});

it('nothing is said of signatures where there is no key to check them by', async () => {
  const plain = await aGateway();
  await push('signed', by(stranger), plain, 'team/plain');
  await push('bare', undefined, plain, 'team/plain');
  expect(verdicts((await listing('/_packages/apk/team/plain', plain)) as Listed[])).toEqual({
    signed: ['unchecked', `${stranger}.pub`],
    bare: ['none'],
  });
  await plain.stop();
});

async function bearer(image: string): Promise<{ authorization: string }> {
  const url = `http://${registry.host}/token?scope=repository:${image}:pull,push,delete`;
  const { token } = (await (await fetch(url, { headers: { authorization } })).json()) as { token: string };
  return { authorization: `Bearer ${token}` };
}
