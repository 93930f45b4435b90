import { describe, expect, it } from 'vitest';
import type { HttpOptions } from '../../../../src/http/options.ts';
import { anEdge, anIndex, aPushService } from '../an-edge.ts';

const basic = { authorization: `Basic ${Buffer.from('me:pw').toString('base64')}` };

const ask = (method: string, headers: Record<string, string>, host = 'apk.example.org', options: HttpOptions = {}) => {
  const { begin } = aPushService();
  const edge = anEdge({ begin, withdraw: () => Promise.resolve(['x86_64']) }, options);
  const path = method === 'DELETE' ? '/apk/team/app/edge/main/x86_64/a-1.apk' : '/apk/team/app/edge/main/push';
  return edge.request(`http://${host}${path}`, { method, headers: { host, ...headers }, body: null });
};

describe.each(['PUT', 'POST', 'DELETE'])('%s that a browser sends', (method) => {
  it.each([
    ['for a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['for a page of a sibling of this host', { 'sec-fetch-site': 'same-site', origin: 'http://www.example.org' }],
    ['without Fetch Metadata, for another site', { origin: 'https://evil.example' }],
    ['for a page without an origin', { origin: 'null' }],
    ['for another port of this host', { origin: 'http://apk.example.org:8080' }],
  ])('%s changes nothing, whatever credentials it keeps', async (_name, headers: Record<string, string>) => {
    const refused = await ask(method, { ...headers, ...basic });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect((await ask(method, headers)).status).toBe(403);
  });

  it.each([
    ['for a page of this gateway', { 'sec-fetch-site': 'same-origin', origin: 'http://apk.example.org' }],
    ['behind a proxy that ends TLS', { origin: 'https://apk.example.org' }],
    ['by hand', { 'sec-fetch-site': 'none' }],
  ])('%s is judged as any other', async (_name, headers: Record<string, string>) => {
    expect((await ask(method, { ...headers, ...basic })).status).not.toBe(403);
  });

  it("is refused where a page's own name stands for this machine and no credentials come along", async () => {
    const headers = { origin: 'http://evil.example:9887' };
    expect((await ask(method, headers, 'evil.example:9887')).status).toBe(403);
    expect((await ask(method, { origin: 'http://localhost:9887' }, 'localhost:9887')).status).not.toBe(403);
    expect((await ask(method, { origin: 'http://127.0.0.1:9887' }, '127.0.0.1:9887')).status).not.toBe(403);
  });
});

it('a program, which sends neither header, is let through without credentials too', async () => {
  expect((await ask('DELETE', {})).status).toBe(204);
  expect((await ask('DELETE', basic)).status).toBe(204);
});

describe('a page whose own name stands for the address of a gateway', () => {
  const empty = { authorization: `Basic ${btoa(':')}` };
  const rebound = { origin: 'http://evil.example:9887' };

  it.each<[string, HttpOptions, Record<string, string>]>([
    ['that asks nobody who they are', { judgesCallers: false }, basic],
    ['that asks nobody who they are', { judgesCallers: false }, empty],
    ['that asks nobody who they are', { judgesCallers: false }, { authorization: 'Bearer abc' }],
    ['that lends its rights', { anonymousAsGateway: 'write' }, empty],
    ['before a registry that asks nobody who they are', { hasAskedWho: () => false }, basic],
  ])('%s changes nothing, whatever it shows: %j %j', async (_, options, shown) => {
    for (const method of ['PUT', 'POST', 'DELETE'])
      expect((await ask(method, { ...rebound, ...shown }, 'evil.example:9887', options)).status).toBe(403);
  });

  const read = (host: string, headers: Record<string, string>, options: HttpOptions) => {
    const edge = anEdge({ openIndex: () => Promise.resolve(anIndex()), list: () => Promise.resolve([]) }, options);
    const paths = ['/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz', '/_packages/apk/team/app'];
    return Promise.all(paths.map(async (path) => (await edge.request(`http://${host}${path}`, { headers })).status));
  };
  const open: HttpOptions = { judgesCallers: false, readsForAnybody: true };
  const lending: HttpOptions = { anonymousAsGateway: 'read', readsForAnybody: true };

  it.each([
    ['evil.example', {}, open],
    ['evil.example:9887', basic, open],
    ['evil.example', empty, lending],
    ['evil.example', basic, { ...lending, hasAskedWho: () => false }],
    ['127.0.0.1.evil.example', {}, lending],
    ['localhost.evil.example', {}, lending],
  ])('reads nothing as %s with %j', async (host, headers: Record<string, string>, options) => {
    expect(await read(host, headers, options)).toEqual([403, 403]);
  });

  it.each([
    ['127.0.0.1:9887', {}, open],
    ['[::1]:9887', {}, open],
    ['localhost', {}, open],
    ['packages', {}, open],
    ['lkard.tools.svc.cluster.local', {}, open],
    ['APK.example.org.', {}, { ...open, domain: 'example.org' }],
    ['pkgs.example.net:8080', {}, { ...open, hostNames: ['Pkgs.example.net'] }],
    ['evil.example', basic, lending],
    ['evil.example', {}, { readsForAnybody: false }],
  ])(
    'is no hindrance to reading as %s with %j',
    async (host, headers: Record<string, string>, options: HttpOptions) => {
      expect(await read(host, headers, options)).toEqual([200, 200]);
    },
  );
});
