import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { Caller } from '../../../src/repository/service/caller.ts';
import type { SignedIndex } from '../../../src/repository/service/reading.ts';
import { aFoundPackage, anEdge, anIndex as anyIndex } from './an-edge.ts';

const base = '/apk/user/image/edge/main';
const indexPath = `${base}/x86_64/APKINDEX.tar.gz`;
const packagePath = `${base}/x86_64/demo-1.0-r0.apk`;
const basic = { authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}` };

describe.each([
  ['APKINDEX.tar.gz', 'v2', 'openIndex', 'application/gzip'],
  ['Packages.adb', 'v3', 'openIndexV3', 'application/octet-stream'],
  ['packages.adb', 'v3', 'openIndexV3', 'application/octet-stream'],
] as const)('the index %s', (fileName, format, open, type) => {
  const indexPath = `${base}/x86_64/${fileName}`;
  const anIndex = (values: Partial<SignedIndex> = {}) => anyIndex({ format, ...values });

  it('goes out as it is, to be asked for again each time', async () => {
    const lastModified = new Date('2026-03-04T05:06:07Z');
    const edge = anEdge({ [open]: () => Promise.resolve(anIndex({ lastModified })) });
    const response = await edge.request(indexPath);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('a signed index');
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-cache',
      'content-length': '14',
      'content-type': type,
      etag: '"e1"',
      'last-modified': 'Wed, 04 Mar 2026 05:06:07 GMT',
      'x-content-type-options': 'nosniff',
    });
  });

  it('has the same headers on HEAD', async () => {
    const edge = anEdge({ [open]: () => Promise.resolve(anIndex()) });
    const head = await edge.request(indexPath, { method: 'HEAD' });
    const get = await edge.request(indexPath);
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
  });

  it('is asked for with the coordinates and the credentials of the request', async () => {
    const asked: unknown[] = [];
    const edge = anEdge({
      [open](at: unknown, architecture: string, caller: Caller) {
        asked.push(at, architecture, caller);
        return Promise.resolve(anIndex());
      },
    });
    await edge.request(indexPath, { headers: basic });
    const credentials = { kind: 'basic', username: 'alice', password: 'secret' };
    const at = { image: 'user/image', branch: 'edge', repository: 'main' };
    expect(asked).toEqual([at, 'x86_64', { credentials, name: 'alice' }]);
  });

  it('is 304 for who has it, without content', async () => {
    const edge = anEdge({ [open]: () => Promise.resolve(anIndex()) });
    const response = await edge.request(indexPath, { headers: { 'if-none-match': '"x", W/"e1"' } });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
    expect(response.headers.get('etag')).toBe('"e1"');
  });

  it('says when it is stale or could not be verified', async () => {
    const edge = anEdge({ [open]: () => Promise.resolve(anIndex({ isStale: true, isUnverified: true })) });
    const response = await edge.request(indexPath);
    expect(response.headers.get('x-lkard-stale')).toBe('true');
    expect(response.headers.get('x-lkard-unverified')).toBe('true');
  });

  it('is a short plain 404 where nothing ever was', async () => {
    const edge = anEdge({ [open]: () => Promise.resolve(undefined) });
    const response = await edge.request(indexPath);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('edge/main never had a package for x86_64\n');
  });
});

describe('a package', () => {
  it('goes out byte for byte, to be kept for ever', async () => {
    const found = aFoundPackage('0123456789');
    const response = await anEdge({ findPackage: () => Promise.resolve(found) }).request(packagePath);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('0123456789');
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'max-age=31536000, immutable',
      'content-length': '10',
      'content-type': 'application/vnd.alpine.apk',
      etag: `"${found.digest}"`,
      'last-modified': 'Wed, 04 Mar 2026 05:06:07 GMT',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is not opened for HEAD', async () => {
    const found = aFoundPackage('0123456789');
    const edge = anEdge({ findPackage: () => Promise.resolve(found) });
    const response = await edge.request(packagePath, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([response.status, response.headers.get('content-length'), found.opened]).toEqual([200, '10', 0]);
  });

  it('is not opened for who has it', async () => {
    const found = aFoundPackage('0123456789');
    const edge = anEdge({ findPackage: () => Promise.resolve(found) });
    const response = await edge.request(packagePath, { headers: { 'if-none-match': `"${found.digest}"` } });
    expect([response.status, found.opened]).toEqual([304, 0]);
  });

  it('comes in part with 206', async () => {
    const edge = anEdge({ findPackage: () => Promise.resolve(aFoundPackage('0123456789')) });
    const response = await edge.request(packagePath, { headers: { range: 'bytes=2-4' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(response.headers.get('content-length')).toBe('3');
    expect(await response.text()).toBe('234');
  });

  it('has 416 for a range behind its end', async () => {
    const edge = anEdge({ findPackage: () => Promise.resolve(aFoundPackage('0123456789')) });
    const response = await edge.request(packagePath, { headers: { range: 'bytes=10-' } });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */10');
  });

  it('comes whole where If-Range names another one', async () => {
    const edge = anEdge({ findPackage: () => Promise.resolve(aFoundPackage('0123456789')) });
    const headers = { range: 'bytes=2-4', 'if-range': '"other"' };
    expect((await edge.request(packagePath, { headers })).status).toBe(200);
  });

  it('is redirected to with 302 only where that is wanted', async () => {
    const found = aFoundPackage('x', { locate: () => Promise.resolve(new URL('https://blobs.example/x?sig=1')) });
    const findPackage = () => Promise.resolve(found);
    expect((await anEdge({ findPackage }).request(packagePath)).status).toBe(200);
    const response = await anEdge({ findPackage }, { redirectBlobs: true }).request(packagePath);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('https://blobs.example/x?sig=1');
  });

  it('is streamed where the store has no URL for it', async () => {
    const findPackage = () => Promise.resolve(aFoundPackage('x'));
    expect((await anEdge({ findPackage }, { redirectBlobs: true }).request(packagePath)).status).toBe(200);
  });

  it('is looked for without an architecture after none was found with one', async () => {
    const asked: unknown[] = [];
    const edge = anEdge({
      findPackage(at, architecture, fileName) {
        asked.push([at.image, architecture, fileName]);
        return Promise.resolve(at.image === 'a/b' ? aFoundPackage('x') : undefined);
      },
      list: () => Promise.resolve([{ fileName: 'demo.apk', architecture: 'aarch64' } as never]),
    });
    expect((await edge.request('/apk/a/b/edge/main/demo.apk')).status).toBe(200);
    expect(asked).toEqual([
      ['a', 'main', 'demo.apk'],
      ['a/b', 'aarch64', 'demo.apk'],
    ]);
  });

  it('that was deleted can be fetched without an architecture too, unless several were', async () => {
    const kept = { why: 'deleted', until: new Date('2026-03-04T10:00:00Z') } as const;
    let many = 1;
    const edge = anEdge({
      findPackage: () => Promise.resolve(undefined),
      list: () => Promise.resolve([]),
      findKept: ({ image }) =>
        Promise.resolve(image === 'a/b' ? Array.from({ length: many }, () => aFoundPackage('x', { kept })) : []),
    });
    const answer = await edge.request('/apk/a/b/edge/main/demo.apk');
    expect([answer.status, answer.headers.get('x-lkard-kept')]).toEqual([200, expect.stringContaining('deleted')]);
    many = 2;
    expect((await edge.request('/apk/a/b/edge/main/demo.apk')).status).toBe(404);
  });

  it('that is refused under one reading is still found under the other', async () => {
    const edge = anEdge({
      findPackage: (at) =>
        at.image === 'a/b'
          ? Promise.resolve(aFoundPackage('x'))
          : Promise.reject(new GatewayError('FORBIDDEN', 'not yours')),
      list: () => Promise.resolve([{ fileName: 'demo.apk', architecture: 'aarch64' } as never]),
    });
    expect((await edge.request('/apk/a/b/edge/main/demo.apk', { headers: basic })).status).toBe(200);
  });

  it('that is missing under a real architecture is 404, whatever the other reading would be refused for', async () => {
    const edge = anEdge({
      findPackage: () => Promise.resolve(undefined),
      list: () => Promise.reject(new GatewayError('UNAUTHORIZED', 'who are you')),
    });
    expect((await edge.request(packagePath)).status).toBe(404);
  });
});

describe('callers', () => {
  const refuse = (code: 'UNAUTHORIZED' | 'FORBIDDEN') => () => Promise.reject(new GatewayError(code, 'refused'));

  it('without credentials are asked for some, whatever the store calls it', async () => {
    for (const code of ['UNAUTHORIZED', 'FORBIDDEN'] as const) {
      const response = await anEdge({ openIndex: refuse(code) }).request(indexPath);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Basic realm=');
    }
  });

  it("with credentials hear the store's own meaning", async () => {
    const ask = async (code: 'UNAUTHORIZED' | 'FORBIDDEN') =>
      (await anEdge({ openIndex: refuse(code) }).request(indexPath, { headers: basic })).status;
    expect(await ask('UNAUTHORIZED')).toBe(401);
    expect(await ask('FORBIDDEN')).toBe(403);
  });

  it("use the gateway's credentials only where that is set", async () => {
    const kinds: string[] = [];
    const openIndex = (_at: unknown, _architecture: string, caller: Caller) => {
      kinds.push(caller.credentials.kind);
      return Promise.resolve(anyIndex());
    };
    await anEdge({ openIndex }).request(indexPath);
    await anEdge({ openIndex }, { anonymousAsGateway: 'read' }).request(indexPath);
    expect(kinds).toEqual(['anonymous', 'gateway']);
  });
});

describe('deleting', () => {
  it('answers 204 and names the architecture', async () => {
    const asked: unknown[] = [];
    const edge = anEdge({
      withdraw(at, file) {
        asked.push([at.image, file]);
        return Promise.resolve(['x86_64']);
      },
    });
    const response = await edge.request(packagePath, { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(asked).toEqual([['user/image', { architecture: 'x86_64', fileName: 'demo-1.0-r0.apk' }]]);
  });

  it('without an architecture deletes everywhere, once the other reading found nothing', async () => {
    const asked: unknown[] = [];
    const edge = anEdge({
      withdraw(at, file) {
        asked.push([at.image, file.architecture]);
        if (at.image === 'user') return Promise.reject(new GatewayError('PACKAGE_UNKNOWN', 'no such file'));
        return Promise.resolve(['x86_64', 'aarch64']);
      },
    });
    expect((await edge.request(`${base}/demo-1.0-r0.apk`, { method: 'DELETE' })).status).toBe(204);
    expect(asked).toEqual([
      ['user', 'main'],
      ['user/image', undefined],
    ]);
  });

  it('answers 404 where there is nothing', async () => {
    const edge = anEdge({ withdraw: () => Promise.reject(new GatewayError('PACKAGE_UNKNOWN', 'no such file')) });
    expect((await edge.request(packagePath, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('what nobody serves', () => {
  it.each([
    ['PATCH', indexPath, 'GET, HEAD'],
    ['POST', packagePath, 'GET, HEAD, DELETE, PUT'],
    ['GET', `${base}/push`, 'PUT, POST'],
  ])('%s %s is 405 and names what is', async (method, path, allowed) => {
    const response = await anEdge({}).request(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
  });

  it.each(['/', '/favicon.ico', base, '/api/v1/version', '/_nothing'])('GET %s is 404', async (path) => {
    expect((await anEdge({}).request(path)).status).toBe(404);
  });

  it.each([
    ['/apk/Image/edge/main/x86_64/APKINDEX.tar.gz', 'IMAGE_INVALID'],
    ['/apk/image/edge%2f/main/x86_64/APKINDEX.tar.gz', 'REQUEST_INVALID'],
  ])('%s is 400 that names the part', async (path, code) => {
    const response = await anEdge({}).request(path, { headers: { accept: 'application/json' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code });
  });

  it('tells nothing of an internal error', async () => {
    const edge = anEdge({ openIndex: () => Promise.reject(new Error('secret detail')) });
    const response = await edge.request(indexPath);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });
});
