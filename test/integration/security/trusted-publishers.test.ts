import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startLocalServer } from '../../support/local-server.ts';
import { startPrivateRegistry, type PrivateRegistry } from '../../support/private-registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

describe('a policy that trusts an issuer', () => {
  let registry: PrivateRegistry;
  let issuer: TokenIssuer;
  let stranger: TokenIssuer;
  let gateway: TestGateway;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let version = 0;

  beforeAll(async () => {
    folder = await makeTempDir();
    [issuer, stranger] = await Promise.all([startTokenIssuer(), startTokenIssuer()]);
    const own = { password: 'own-pw', images: { '*': ['pull', 'push', 'delete'] as const } };
    registry = await startPrivateRegistry({ gateway: own });
    const [auth, policy] = [join(folder.path, 'auth.json'), join(folder.path, 'policy.json')];
    await writeFile(auth, JSON.stringify({ auths: { [registry.host]: { username: 'gateway', password: 'own-pw' } } }));
    const rule = {
      issuer: issuer.url,
      audience: 'lkard',
      subject: 'repo:org/app:ref:refs/tags/*',
      images: 'team/*',
      branches: 'edge',
    };
    const other = { ...rule, audience: 'other', images: '**' };
    await writeFile(policy, JSON.stringify({ publishers: [rule, other] }));
    const settings = { 'trusted-publishers': policy, 'registry-auth-file': auth };
    gateway = await startGateway({ store: { registry: registry.host }, settings });
  });
  afterAll(async () => {
    await Promise.all([gateway.stop(), issuer.stop(), stranger.stop()]);
    await registry.stop();
    await folder.remove();
  });

  const push = async (token: string, place = 'team/app/edge/main') => {
    const body = anApk({ name: 'hello', version: `${(version += 1)}-r0` });
    const answer = await fetch(`${gateway.url}/apk/${place}/push`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  const sentOn = (token: string) =>
    registry.seen.filter(({ headers, url, body }) =>
      `${headers.authorization} ${url} ${body.toString('latin1')}`.includes(token),
    );
  const nowS = () => Math.floor(Date.now() / 1000);

  it('lets its token push, with the credentials of the gateway, under the name in the token', async () => {
    const token = await issuer.token();
    expect(await push(token)).toMatchObject({ status: 201 });
    expect(sentOn(token)).toEqual([]);
    const audited = gateway.log.lines.filter(({ fields }) => 'audit' in fields && 'who' in fields).at(-1);
    expect(audited?.fields).toMatchObject({
      ...{ action: 'push', outcome: 'accepted', who: `${issuer.url} repo:org/app:ref:refs/tags/v1` },
      ...{ image: 'team/app', branch: 'edge', repository: 'main', files: ['x86_64/hello-1-r0.apk'] },
      requestId: expect.stringMatching(/./) as string,
    });
    expect(JSON.stringify(gateway.log.lines)).not.toContain(token);
  });

  it.each([
    ['for another image', {}, 'other/app/edge/main', 403],
    ['for another branch', {}, 'team/app/v1/main', 403],
    ['of another subject', { sub: 'repo:org/other:ref:refs/tags/v1' }, undefined, 403],
    ['whose audience another rule wants', { aud: 'other' }, 'team/app/v1/main', 403],
    ['for another audience', { aud: 'elsewhere' }, undefined, 401],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 61 }, undefined, 401],
    ['that is not good yet', { nbf: Math.floor(Date.now() / 1000) + 90 }, undefined, 401],
    ['that never expires', { exp: undefined }, undefined, 401],
    ['without a subject', { sub: undefined }, undefined, 401],
    ['whose subject is a list', { sub: ['repo:org/app:ref:refs/tags/v1'] }, undefined, 401],
    [
      'whose subject fits as far as one would look',
      { sub: `repo:org/app:ref:refs/tags/${'a'.repeat(997)}/evil` },
      undefined,
      403,
    ],
    ['over 16 KiB', { pad: 'x'.repeat(17_000) }, undefined, 401],
  ] as readonly (readonly [string, Record<string, unknown>, string | undefined, number])[])(
    'refuses a token %s, before any body and without asking the registry',
    async (_name, claims, place, status) => {
      const token = await issuer.token(claims);
      expect(await push(token, place)).toMatchObject({ status });
      expect(sentOn(token)).toEqual([]);
      const audited = gateway.log.lines.filter(({ fields }) => 'audit' in fields && 'who' in fields).at(-1);
      expect(audited?.fields).toMatchObject({ action: 'push', outcome: 'refused' });
    },
  );

  it('bears with a clock that is a minute wrong', async () => {
    expect(await push(await issuer.token({ exp: nowS() - 30 }))).toMatchObject({ status: 201 });
  });

  it('refuses a token that somebody else signed, or nobody', async () => {
    const forged = await stranger.token({ iss: issuer.url });
    expect(await push(forged)).toMatchObject({ status: 401 });
    const secret = new TextEncoder().encode('anything that is long enough for HS256');
    expect(await push(await issuer.token({}, { alg: 'HS256', key: secret }))).toMatchObject({ status: 401 });
    const [, payload] = (await issuer.token()).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    expect((await push(none)).status).toBeGreaterThanOrEqual(401);
    expect((await push(`${none}x`)).status).toBe(401);
  });

  it.each<[string, (token: string) => string]>([
    ['padded', (token) => `${token}=`],
    ['without its signature', (token) => token.replace(/[^.]+$/, '')],
    ['in more parts', (token) => `${token}.a.b`],
    ['of several issuers', (token) => withIssuers(token, [issuer.url, 'https://ci.example'])],
  ])('keeps its token from the registry however badly it is made: %s', async (_how, spoil) => {
    const token = spoil(await issuer.token());
    expect(await push(token)).toMatchObject({ status: 401 });
    expect(sentOn(token)).toEqual([]);
  });

  it('never looks for a key where a token says, nor takes one that it brings', async () => {
    const asked: string[] = [];
    const trap = await startLocalServer((incoming, outgoing) => {
      asked.push(incoming.url ?? '');
      outgoing.end();
    });
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const good = decodeJwt(await issuer.token());
    for (const header of [
      { jku: `${trap.url}/keys` },
      { x5u: `${trap.url}/chain` },
      { jwk },
      { kid: '../../etc/passwd' },
    ]) {
      const token = await new SignJWT(good).setProtectedHeader({ alg: 'ES256', ...header }).sign(privateKey);
      expect(await push(token)).toMatchObject({ status: 401 });
    }
    expect(asked).toEqual([]);
    await trap.stop();
  });

  it('hands the token of another issuer on, as the registry is the judge of that', async () => {
    const token = await stranger.token();
    expect([401, 403]).toContain((await push(token)).status);
    expect(sentOn(token)).not.toEqual([]);
  });

  it('lets its token do nothing but push', async () => {
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    const file = `${gateway.url}/apk/team/app/edge/main/x86_64/hello-1-r0.apk`;
    expect((await fetch(file, { headers })).status).toBe(403);
    expect((await fetch(file, { method: 'DELETE', headers })).status).toBe(403);
    expect((await fetch(`${gateway.url}/_packages/apk/team/app`, { headers })).status).toBe(403);
  });

  it('asks the issuer for its keys once', () => {
    expect(issuer.asked).toEqual({
      '/.well-known/openid-configuration': 1,
      '/keys': expect.toSatisfy((count: number) => count <= 2) as number,
    });
  });
});

/** The token with other issuers in it, which its signature doesn't cover. */
function withIssuers(token: string, iss: readonly string[]): string {
  const [head = '', , signature = ''] = token.split('.');
  const payload = Buffer.from(JSON.stringify({ ...decodeJwt(token), iss })).toString('base64url');
  return [head, payload, signature].join('.');
}

describe('an issuer that speaks for another, or is away', () => {
  it('lets nobody in', async () => {
    const folder = await makeTempDir();
    const issuer = await startTokenIssuer();
    const policy = join(folder.path, 'policy.json');
    const rule = { issuer: issuer.url, audience: 'lkard', subject: '**', images: '**' };
    await writeFile(policy, JSON.stringify({ publishers: [rule] }));
    for (const discovery of [
      { issuer: 'https://ci.example' },
      { jwks_uri: 'http://192.0.2.1/keys' },
      { jwks_uri: 'file:///etc/passwd' },
    ]) {
      const gateway = await startGateway({ settings: { 'trusted-publishers': policy } });
      issuer.discovery = discovery;
      const headers = { authorization: `Bearer ${await issuer.token()}` };
      const answer = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, { method: 'PUT', headers, body: 'x' });
      expect(answer.status).toBe(503);
      await gateway.stop();
    }
    await issuer.stop();
    await folder.remove();
  });
});
