import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { ListedPackage } from '../../../src/repository/service/catalog.ts';
import { aListedRepository } from '../repository/a-listed-repository.ts';
import { anEdge } from './an-edge.ts';

const basic = { authorization: `Basic ${Buffer.from('alice:secret').toString('base64')}` };

const full: ListedPackage = {
  branch: 'edge',
  repository: 'main',
  architecture: 'x86_64',
  fileName: 'demo-1.0-r0.apk',
  entry: {
    identity: 'Q1wbSklZOCT5nyqBSG9Euhoip0+5k=',
    name: 'demo',
    version: '1.0-r0',
    architecture: 'x86_64',
    fileSize: 904,
    installedSize: 4096,
    description: 'A demo',
    url: 'https://example.org',
    license: 'MIT',
    origin: 'demo-src',
    buildTime: 1700000000,
    commit: 'c0ffee',
    depends: ['so:libc.musl-x86_64.so.1'],
    provides: ['cmd:demo=1.0-r0'],
    installIf: ['a', 'b'],
  },
  digest: `sha256:${'ab'.repeat(32)}`,
  size: 904,
  pushedAt: new Date('2026-03-04T05:06:07Z'),
  packager: 'Alice <alice@example.org>',
  pushedBy: 'alice',
  signature: { verdict: 'valid', keyNames: ['alice.rsa.pub'] },
};

const bare: ListedPackage = {
  ...full,
  entry: {
    ...{ identity: full.entry.identity, name: 'bare', version: '1', architecture: 'noarch', fileSize: 1 },
    ...{ installedSize: 1, description: '', url: '', license: '', depends: [], provides: [], installIf: [] },
  },
  architecture: 'noarch',
  fileName: 'bare-1.apk',
  packager: undefined,
  pushedBy: undefined,
  signature: { verdict: 'none', keyNames: [] },
};

const repository = aListedRepository({
  architectures: ['aarch64', 'x86_64'],
  lastUpdated: new Date('2026-03-04T05:06:07Z'),
  metadata: { size: 10, count: 2 },
  packages: { size: 1000, count: 3 },
});

describe('the listing of packages', () => {
  it('has the shape that lkar reads', async () => {
    const edge = anEdge({ list: () => Promise.resolve([full]) });
    const response = await edge.request('/_packages/apk/user/image');
    expect(await response.json()).toEqual([
      {
        name: 'demo',
        version: '1.0-r0',
        versionMetadata: { projectURL: 'https://example.org', description: 'A demo', license: 'MIT' },
        fileMetadata: {
          checksum: 'Q1wbSklZOCT5nyqBSG9Euhoip0+5k=',
          packager: 'Alice <alice@example.org>',
          buildDate: 1700000000,
          size: 4096,
          architecture: 'x86_64',
          origin: 'demo-src',
          commitHash: 'c0ffee',
          installIf: 'a b',
          provides: ['cmd:demo=1.0-r0'],
          dependencies: ['so:libc.musl-x86_64.so.1'],
        },
        format: 'v2',
        size: 904,
        digest: 'ab'.repeat(32),
        branch: 'edge',
        repo: 'main',
        filePath: 'edge/main/x86_64/demo-1.0-r0.apk',
        pushedAt: '2026-03-04T05:06:07.000Z',
        pushedBy: 'alice',
        signature: { verdict: 'valid', keyNames: ['alice.rsa.pub'] },
      },
    ]);
  });

  it('leaves absent values out', async () => {
    const edge = anEdge({ list: () => Promise.resolve([bare]) });
    const [entry] = (await (await edge.request('/_packages/apk/user/image')).json()) as object[];
    expect(entry).toMatchObject({ versionMetadata: {}, filePath: 'edge/main/noarch/bare-1.apk' });
    expect(entry).toHaveProperty('fileMetadata', {
      ...{ checksum: full.entry.identity, size: 1, architecture: 'noarch' },
    });
  });

  it('is [] and not null where there is nothing', async () => {
    const edge = anEdge({ list: () => Promise.resolve([]) });
    expect(await (await edge.request('/_packages/apk/user/image')).text()).toBe('[]\n');
  });

  it.each([
    ['/_packages/apk/user/image', {}, { image: 'user/image' }],
    ['/_packages/apk', { singleImage: 'user/image' }, { image: 'user/image' }],
    ['http://apk.example.org/_packages/user/image', { domain: 'example.org' }, { image: 'user/image' }],
    ['http://apk.example.org/_packages', { domain: 'example.org', singleImage: 'a' }, { image: 'a' }],
    ['/_packages/apk/image?branch=edge&repository=main', {}, { image: 'image', branch: 'edge', repository: 'main' }],
  ])('of %s is asked for', async (url, options, within) => {
    const asked: unknown[] = [];
    const edge = anEdge(
      {
        list(what) {
          asked.push(what);
          return Promise.resolve([]);
        },
      },
      options,
    );
    expect((await edge.request(url)).status).toBe(200);
    expect(asked).toEqual([within]);
  });

  it.each([
    ['/_packages/apk', {}, 400],
    ['/_packages/apk/User', {}, 400],
    ['/_packages/apk/user/image', { singleImage: 'user/image' }, 404],
  ])('of %s with %o is %i', async (path, options, status) => {
    expect((await anEdge({}, options).request(path)).status).toBe(status);
  });
});

it('lists repositories in the shape that lkar reads', async () => {
  const edge = anEdge({ repositories: () => Promise.resolve([repository]) });
  const response = await edge.request('/_repositories/user/image');
  expect(await response.json()).toEqual([
    {
      name: 'edge/main',
      type: 'apk',
      size: 1010,
      lastUpdated: '2026-03-04T05:06:07.000Z',
      metadata: { size: 10, count: 2 },
      packages: { size: 1000, count: 3 },
      branch: 'edge',
      repository: 'main',
      architectures: ['aarch64', 'x86_64'],
    },
  ]);
});

describe('a login', () => {
  const refusing = (code: 'UNAUTHORIZED' | 'FORBIDDEN') => ({
    authorize: () => Promise.reject(new GatewayError(code, 'refused')),
  });
  const accepting = { authorize: () => Promise.resolve(true) };

  it.each(['GET', 'POST'])('by %s with good credentials is 200', async (method) => {
    for (const path of ['/_auth/login', '/_auth/user/image/login']) {
      expect((await anEdge(accepting).request(path, { method, headers: basic })).status).toBe(200);
    }
  });

  it('with bad credentials is 401', async () => {
    for (const path of ['/_auth/login', '/_auth/user/image/login']) {
      expect((await anEdge(refusing('UNAUTHORIZED')).request(path, { headers: basic })).status).toBe(401);
    }
  });

  it('without credentials is 401', async () => {
    expect((await anEdge(accepting).request('/_auth/login')).status).toBe(401);
  });

  it('to an image without the right to read it is 403', async () => {
    const edge = anEdge(refusing('FORBIDDEN'));
    expect((await edge.request('/_auth/user/image/login', { headers: basic })).status).toBe(403);
    expect((await edge.request('/_auth/login', { headers: basic })).status).toBe(200);
  });

  it('has a logout', async () => {
    expect((await anEdge({}).request('/_auth/logout')).status).toBe(200);
  });
});

describe('health', () => {
  it('is told by /healthz and /readyz', async () => {
    expect((await anEdge({}).request('/healthz')).status).toBe(200);
    expect(await (await anEdge({}).request('/readyz')).text()).toBe('ready\n');
  });
});
