import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { PublishedPackage } from '../../../src/repository/service/publishing.ts';
import { anApk } from '../../support/an-apk.ts';
import { anEdge, aPushService } from './an-edge.ts';

const base = '/apk/user/image/edge/main';
const demo = anApk({ name: 'demo', version: '1.0-r0' });
const plain = { headers: { accept: 'application/json' } };

function form(...files: readonly [field: string, content: Uint8Array | string][]): FormData {
  const data = new FormData();
  for (const [field, content] of files) {
    if (typeof content === 'string') data.append(field, content);
    else data.append(field, new Blob([content]), 'whatever.apk');
  }
  return data;
}

describe('a push', () => {
  it.each([
    ['PUT', `${base}/push`],
    ['POST', `${base}/push`],
    ['PUT', base],
    ['PUT', '/user/image/edge/main/push'],
    ['PUT', `${base}/x86_64/anything_at_all.apk`],
    ['PUT', `${base}/anything_at_all.apk`],
    ['PUT', '/api/packages/user/alpine/edge/main'],
  ])('by %s %s lands where its package says', async (method, path) => {
    const { begin, record } = aPushService();
    const response = await anEdge({ begin }, { giteaImage: '<owner>/image' }).request(path, { method, body: demo });
    expect([response.status, await response.text()]).toEqual([
      201,
      expect.stringMatching(/^published edge\/main\/x86_64\/demo-1\.0-r0\.apk sha256:[0-9a-f]{64}\n$/),
    ]);
    expect(record.events).toEqual(['begin user/image edge/main', 'commit user/image edge/main']);
  });

  it.each([
    ['file', 'PUT', `${base}/push`],
    ['file', 'POST', `${base}/push`],
    ['f', 'POST', '/addpkg?provider=apk&reponame=user/image'],
    ['file', 'POST', '/v2/packages/organizations/user/registries/image/packages'],
  ])('by a form with the field %s, %s %s', async (field, method, path) => {
    const { begin, record } = aPushService();
    const response = await anEdge({ begin }).request(path, { method, body: form([field, demo]) });
    expect(response.status).toBe(201);
    expect(record.events.at(-1)).toBe('commit user/image edge/main');
  });

  it('of several files is one commit, fields that are no files passed over', async () => {
    const { begin, record } = aPushService();
    const dev = anApk({ name: 'demo-dev', version: '1.0-r0' });
    const body = form(['note', 'hello'], ['file', demo], ['file', dev]);
    const response = await anEdge({ begin }).request(`${base}/push`, { method: 'PUT', body, ...plain });
    const { packages } = (await response.json()) as { packages: (PublishedPackage & { filePath: string })[] };
    expect(packages.map((pkg) => pkg.filePath)).toEqual([
      'edge/main/x86_64/demo-1.0-r0.apk',
      'edge/main/x86_64/demo-dev-1.0-r0.apk',
    ]);
    expect(record.committed).toHaveLength(1);
  });

  it('hands the bytes on as they came, as often as they are asked for', async () => {
    const { begin } = aPushService();
    const opened: unknown[] = [];
    const reading: typeof begin = async (...asked) => ({
      ...(await begin(...asked)),
      commit(files) {
        opened.push(files[0]?.source.size, files[0]?.source.open(), files[0]?.source.open());
        return Promise.resolve([]);
      },
    });
    await anEdge({ begin: reading }).request(`${base}/push`, { method: 'PUT', body: demo });
    expect(opened).toEqual([demo.length, demo, demo]);
  });

  it('in one body is all or none', async () => {
    const { begin, record } = aPushService();
    const body = form(['file', demo], ['file', Buffer.from('no package')]);
    const response = await anEdge({ begin }).request(`${base}/push`, { method: 'PUT', body, ...plain });
    expect(response.status).toBe(400);
    expect(record.events).toEqual(['begin user/image edge/main', 'cancel user/image edge/main']);
  });

  it.each([
    ['no package', 'text', 'PACKAGE_MALFORMED'],
    ['nothing', '', 'PACKAGE_MALFORMED'],
    ['a package cut short', demo.subarray(0, demo.length - 9), 'PACKAGE_MALFORMED'],
    ['a Debian package', '!<arch>\ndebian-binary   ', 'PACKAGE_UNSUPPORTED'],
    ['a form without a file', form(['file', 'text']), 'REQUEST_INVALID'],
    ['an empty form', new FormData(), 'REQUEST_INVALID'],
  ])('of %s is refused and nothing is kept', async (_case, body, code) => {
    const { begin, record } = aPushService();
    const response = await anEdge({ begin }).request(`${base}/push`, { method: 'PUT', body, ...plain });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code });
    expect(record.events).toEqual(['begin user/image edge/main', 'cancel user/image edge/main']);
  });

  it('of a form that ends early is refused', async () => {
    const { begin, record } = aPushService();
    const whole = new Response(form(['file', demo]));
    const type = whole.headers.get('content-type')!;
    const body = Buffer.from(await whole.arrayBuffer()).subarray(0, -20);
    const init = { method: 'PUT', body, headers: { 'content-type': type } };
    expect((await anEdge({ begin }).request(`${base}/push`, init)).status).toBe(400);
    expect(record.events).toEqual(['begin user/image edge/main', 'cancel user/image edge/main']);
  });

  it('over the size limit is 413, by its length alone or on the way', async () => {
    const options = { maxPackageBytes: demo.length - 1 };
    const declared = aPushService();
    const headers = { 'content-length': String(demo.length) };
    const init = { method: 'PUT', body: demo, headers };
    expect((await anEdge({ begin: declared.begin }, options).request(`${base}/push`, init)).status).toBe(413);
    expect(declared.record.events).toEqual([]);
    const counted = aPushService();
    const body = form(['file', demo]);
    const response = await anEdge({ begin: counted.begin }, options).request(`${base}/push`, { method: 'PUT', body });
    expect(response.status).toBe(413);
    expect(counted.record.events.at(-1)).toBe('cancel user/image edge/main');
  });

  it('is asked for the right before its body is read', async () => {
    const { begin } = aPushService(() => {
      throw new GatewayError('FORBIDDEN', 'no right to push');
    });
    const body = new ReadableStream({
      pull() {
        throw new Error('the body was read');
      },
    });
    const init = { method: 'PUT', body, duplex: 'half', headers: { authorization: 'Bearer x' } };
    const response = await anEdge({ begin }).request(`${base}/push`, init as RequestInit);
    expect(response.status).toBe(403);
  });

  it('past the number of uploads is 503 with Retry-After', async () => {
    const { begin } = aPushService();
    const edge = anEdge({ begin }, { maxUploads: 1 });
    const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const first = edge.request(`${base}/push`, { method: 'PUT', body, duplex: 'half' });
    const second = await edge.request(`${base}/push`, { method: 'PUT', body: demo });
    expect([second.status, second.headers.has('retry-after')]).toEqual([503, true]);
    const writer = writable.getWriter();
    await writer.write(demo);
    await writer.close();
    expect((await first).status).toBe(201);
    expect((await edge.request(`${base}/push`, { method: 'PUT', body: demo })).status).toBe(201);
  });

  it('finds room, however many are asking for a right that takes long to be refused', async () => {
    const { begin } = aPushService();
    const slowly: typeof begin = (at, caller, options) =>
      caller.credentials.kind === 'anonymous' ? new Promise(() => undefined) : begin(at, caller, options);
    const edge = anEdge({ begin: slowly }, { maxUploads: 1, maxWaiting: 0 });
    const put = (headers: Record<string, string>) =>
      edge.request(`${base}/push`, { method: 'PUT', body: demo, headers });
    for (let stranger = 0; stranger < 5; stranger += 1) void put({});
    expect((await put({ authorization: `Basic ${btoa('alice:secret')}` })).status).toBe(201);
  });

  it('that was there already is 200 where all of it was', async () => {
    const { begin, record } = aPushService();
    const unchanging: typeof begin = async (...asked) => {
      const publication = await begin(...asked);
      return {
        ...publication,
        commit: async (...given) =>
          (await publication.commit(...given)).map((pkg) => ({ ...pkg, outcome: 'unchanged' as const })),
      };
    };
    const edge = anEdge({ begin: unchanging });
    const response = await edge.request(`${base}/push?if-exists=skip`, { method: 'PUT', body: demo });
    expect(response.status).toBe(200);
    expect(record.committed[0]?.options?.ifExists).toBe('skip');
    expect((await edge.request(`${base}/push?if-exists=no`, { method: 'PUT', body: demo })).status).toBe(400);
  });

  it.each([true, false])('of a taken name is 409 and says whether the bytes are identical: %s', async (identical) => {
    const { begin } = aPushService();
    const refusing: typeof begin = async (...asked) => ({
      ...(await begin(...asked)),
      commit: () => Promise.reject(new GatewayError('PACKAGE_EXISTS', 'taken', { details: { identical } })),
    });
    const response = await anEdge({ begin: refusing }).request(`${base}/push`, { method: 'PUT', body: demo, ...plain });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'PACKAGE_EXISTS', details: { identical } });
  });
});

describe('a push to a path with a file name', () => {
  const put = async (path: string, arch: string, options = {}) => {
    const { begin, record } = aPushService();
    const body = anApk({ name: 'demo', version: '1.0-r0', arch });
    const response = await anEdge({ begin }, options).request(path, { method: 'PUT', body, ...plain });
    return { status: response.status, events: record.events };
  };

  it("takes the last folder for the architecture where it is the package's own", async () => {
    const { events } = await put('/apk/a/b/edge/main/riscv64/x.apk', 'riscv64');
    expect(events).toEqual(['begin a/b edge/main', 'commit a/b edge/main']);
  });

  it('takes it for the repository where it is not', async () => {
    const { events } = await put('/apk/a/b/edge/main/x.apk', 'riscv64');
    expect(events).toEqual(['begin a/b edge/main', 'commit a/b edge/main']);
  });

  it('asks the rights again where the package tells that the other place is meant', async () => {
    const { events } = await put('/apk/a/b/edge/main/myarch/x.apk', 'myarch');
    const [first, ...then] = ['begin a/b/edge main/myarch', 'cancel a/b/edge main/myarch', 'begin a/b edge/main'];
    expect(events).toEqual([first, ...then, 'commit a/b edge/main']);
  });

  it('is refused where the folder is another architecture and there is no other place', async () => {
    const { status, events } = await put('/apk/edge/main/aarch64/x.apk', 'x86_64', { singleImage: 'image' });
    expect(status).toBe(400);
    expect(events).toEqual(['begin image edge/main', 'cancel image edge/main']);
  });

  it('is refused where the architecture leaves no room for a repository', async () => {
    const { status } = await put('/apk/image/edge/x86_64/x.apk', 'x86_64');
    expect(status).toBe(400);
  });

  it('is let in by the right to either place', async () => {
    const { begin, record } = aPushService((at) => {
      if (at.image !== 'a/b') throw new GatewayError('FORBIDDEN', 'not yours');
    });
    const body = anApk({ name: 'demo', version: '1.0-r0', arch: 'myarch' });
    const response = await anEdge({ begin }).request('/apk/a/b/edge/main/myarch/x.apk', { method: 'PUT', body });
    expect(response.status).toBe(201);
    expect(record.events.at(-1)).toBe('commit a/b edge/main');
  });
});

describe("other programs' forms", () => {
  it("Buildkite's is answered with JSON and lands in the default place, or where the query says", async () => {
    const { begin, record } = aPushService();
    const path = '/v2/packages/organizations/org/registries/reg/packages';
    const edge = anEdge({ begin });
    const response = await edge.request(path, { method: 'POST', body: form(['file', demo]) });
    expect(await response.json()).toMatchObject({ name: 'demo-1.0-r0.apk', registry: { slug: 'reg' } });
    await edge.request(`${path}?branch=v3.20&repository=x`, { method: 'POST', body: form(['file', demo]) });
    expect(record.committed.map(({ at }) => at)).toEqual([
      { image: 'org/reg', branch: 'edge', repository: 'main' },
      { image: 'org/reg', branch: 'v3.20', repository: 'x' },
    ]);
  });

  it.each([
    ['provider=deb&reponame=x', /apk/],
    ['reponame=x', /provider/],
    ['provider=apk', /reponame/],
    ['provider=apk&reponame=X%2F..', /image/],
  ])("artifactd's with %s is 400 that says why", async (query, reason) => {
    const { begin, record } = aPushService();
    const response = await anEdge({ begin }).request(`/addpkg?${query}`, { method: 'POST', body: form(['f', demo]) });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(reason);
    expect(record.events).toEqual([]);
  });
});
