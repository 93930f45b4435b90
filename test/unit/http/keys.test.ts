import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { PublicKey } from '../../../src/repository/service/reading.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import { aListedRepository } from '../repository/a-listed-repository.ts';
import { aKey, anEdge } from './an-edge.ts';

const base = '/apk/user/image/edge/main';
const primary = aKey('user-image-00000001.rsa.pub');
const next = aKey('user-image-00000002.rsa.pub');
const having = (...keys: readonly PublicKey[]): Partial<Repositories> => ({
  keys: () => Promise.resolve(keys),
  authorize: () => Promise.resolve(true),
  repositories: () => Promise.resolve([]),
});
const refusing: Partial<Repositories> = {
  authorize: () => Promise.reject(new GatewayError('FORBIDDEN', 'private')),
  keys: (_image, caller) =>
    caller.credentials.kind === 'anonymous'
      ? Promise.reject(new GatewayError('FORBIDDEN', 'private'))
      : Promise.resolve([primary]),
};

describe('the public key', () => {
  it.each([
    [`${base}/key`, primary],
    [`${base}/${primary.fileName}`, primary],
    [`${base}/${next.fileName}`, next],
    ['/api/packages/owner/alpine/key', primary],
  ])('is at %s', async (path, key) => {
    const response = await anEdge(having(primary, next)).request(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(key.pem);
    expect(response.headers.get('content-type')).toBe('application/x-pem-file');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename=${key.fileName}`);
    expect(response.headers.get('access-control-expose-headers')).toBe('Content-Disposition');
  });

  it('is at /apk/key for a gateway of one image, and says where to look for one of many', async () => {
    const single = await anEdge(having(primary), { singleImage: 'user/image' }).request('/apk/key');
    expect(await single.text()).toBe(primary.pem);
    const many = await anEdge(having(primary)).request('http://host.example/apk/key');
    expect(many.status).toBe(404);
    expect(await many.text()).toContain('http://host.example/apk/<image>/<branch>/<repository>/key');
  });

  it.each([`${base}/other.rsa.pub`, `${base}/key`])('is 404 at %s where there is none of that name', async (path) => {
    const service = path.endsWith('key') ? having() : having(primary);
    expect((await anEdge(service).request(path)).status).toBe(404);
  });
});

describe("apko's key discovery", () => {
  it('leads from apk-configuration to the keys as a JWK set', async () => {
    const edge = anEdge(having(primary, next));
    const configuration = await edge.request(`http://host.example:8080${base}/apk-configuration`);
    const { jwks_uri: uri } = (await configuration.json()) as { jwks_uri: string };
    expect(uri).toBe(`http://host.example:8080${base}/jwks.json`);
    const set = (await (await edge.request(uri)).json()) as { keys: Record<string, string>[] };
    expect(set.keys.map((key) => [key['kid'], key['kty']])).toEqual([
      ['user-image-00000001', 'RSA'],
      ['user-image-00000002', 'RSA'],
    ]);
    expect(set.keys[0]).toMatchObject(primary.key.export({ format: 'jwk' }));
  });

  it('has RSA keys alone, since apko takes no set with another; whoever asks for all has EC keys too', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = {
      fileName: 'openwrt.pem',
      pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      key: publicKey,
    };
    const edge = anEdge(having(primary, ec));
    const kids = async (query: string) =>
      ((await (await edge.request(`${base}/jwks.json${query}`)).json()) as { keys: Record<string, string>[] }).keys;
    expect((await kids('')).map(({ kid }) => kid)).toEqual(['user-image-00000001']);
    const all = await kids('?all=true');
    expect(all[1]).toEqual({ ...publicKey.export({ format: 'jwk' }), kid: 'openwrt', use: 'sig', alg: 'ES256' });
    expect(await (await edge.request(`${base}/openwrt.pem`)).text()).toBe(ec.pem);
  });

  it('is 404 for a caller without credentials in a private repository', async () => {
    const response = await anEdge(refusing).request(`${base}/apk-configuration`);
    expect(response.status).toBe(404);
    expect((await anEdge(refusing).request(`${base}/jwks.json`)).status).toBe(401);
  });

  it('is 404 where there is no key yet', async () => {
    expect((await anEdge(having()).request(`${base}/apk-configuration`)).status).toBe(404);
  });
});

describe('public keys of a private repository', () => {
  it.each(['key', 'jwks.json', 'apk-configuration', 'setup'])('%s is readable where that is set', async (name) => {
    const response = await anEdge(refusing, { publicKeys: true }).request(`${base}/${name}`);
    expect(response.status).toBe(200);
  });

  it('ends the setup by saying how apk is given a password', async () => {
    const script = await (await anEdge(refusing, { publicKeys: true }).request(`${base}/setup`)).text();
    expect(script).toContain('HTTP_AUTH=');
    expect(await (await anEdge(having(primary)).request(`${base}/setup`)).text()).not.toMatch(/^note=.*HTTP_AUTH/m);
  });

  it.each(['key', 'jwks.json', 'setup'])('%s asks for credentials where it is not', async (name) => {
    expect((await anEdge(refusing).request(`${base}/${name}`)).status).toBe(401);
  });
});

describe('the setup script', () => {
  it('says where nothing was pushed yet', async () => {
    const used = { ...having(primary), repositories: () => Promise.resolve([aListedRepository()]) };
    expect(await (await anEdge(used).request(`${base}/setup`)).text()).toContain("ready='ready: apk");
    expect(await (await anEdge(having(primary)).request(`${base}/setup`)).text()).toContain("ready='set up, but");
  });

  it('is for this repository, as the caller addressed it', async () => {
    const response = await anEdge(having(primary, next)).request(`https://host.example${base}/setup`);
    const script = await response.text();
    expect(response.headers.get('content-type')).toBe('text/x-shellscript');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(script).toContain(`url='https://host.example${base}'`);
    expect(script).toContain(primary.pem.trimEnd());
    expect(script).toContain(next.fileName);
  });

  it.each(['evil.example/x', "a'b", 'a b', '$(id)'])('refuses the Host %s, which would stand in it', async (host) => {
    const edge = anEdge(having(primary));
    const response = await edge.request(`http://h${base}/setup`, { headers: { host } });
    expect(response.status).toBe(400);
  });
});
