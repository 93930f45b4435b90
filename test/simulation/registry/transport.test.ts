import { describe, expect, it, onTestFinished } from 'vitest';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../../../src/oci/digest.ts';
import type { RequestReport } from '../../../src/store/registry/transport/registry-dispatch.ts';
import {
  fault,
  json,
  startScriptedRegistry,
  type Script,
  type ScriptedAnswer,
} from '../../support/scripted-registry.ts';
import { anyRegistryStore } from '../../support/registry-store.ts';
import { aWorld, inTurn } from './world.ts';

const noTags = json({ tags: [] });
const content = Buffer.from('content');
const blob = { digest: digestOf(content), size: content.length };

async function another(script: Script) {
  const registry = await startScriptedRegistry(script);
  onTestFinished(() => registry.stop());
  return registry;
}

describe('an answer of the moment', () => {
  it.each([408, 425, 429, 499, 500, 502, 503, 504, 522])('%i is tried again', async (status) => {
    const { image, registry } = await aWorld(inTurn({ status }, { status }, noTags));
    expect(await image().tags()).toEqual([]);
    expect(registry.seen).toHaveLength(3);
  });

  it.each([400, 403, 405, 409, 412, 413, 415])('%i is not', async (status) => {
    const { image, registry } = await aWorld(() => ({ status }));
    await expect(image().tags()).rejects.toThrow();
    expect(registry.seen).toHaveLength(1);
  });

  it('of a manifest that may be put once only is not: its first try may land after what took its place', async () => {
    const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes: Buffer.from('{}') };
    const { image, registry } = await aWorld(inTurn({ status: 503 }, { status: 201 }));
    await expect(image().pushManifest('index', manifest, { isOnce: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(registry.seen).toHaveLength(1);
  });

  it('that stays is the end after five tries, with growing pauses', async () => {
    const { image, registry, pauses } = await aWorld(() => ({ status: 503 }));
    await expect(image().tags()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { status: 503 } });
    expect(registry.seen).toHaveLength(5);
    expect(pauses).toEqual([125, 250, 500, 1000]);
  });

  it.each([
    ['seconds', '2', 2125],
    ['a fraction of a second', '0.25', 375],
    ['a date', 'Thu, 01 Jan 2026 00:00:03 GMT', 3125],
    ['nonsense', 'soon', 125],
  ])('is given the time it asks for, in %s', async (_name, retryAfter, pauseMs) => {
    const limited = { status: 429, headers: { 'retry-after': retryAfter } };
    const { image, pauses } = await aWorld(inTurn<ScriptedAnswer>(limited, noTags));
    await image().tags();
    expect(pauses).toEqual([pauseMs]);
  });

  it('is passed on at once where it asks for more time than anyone waits', async () => {
    const { image, registry } = await aWorld(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    await expect(image().tags()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { retryAfterSeconds: 3600 },
    });
    expect(registry.seen).toHaveLength(1);
  });

  it('may be one that is no HTTP', async () => {
    const both = { ...noTags, headers: { 'transfer-encoding': 'chunked', 'content-length': '2' } };
    const { image, registry } = await aWorld(inTurn<ScriptedAnswer>(both, noTags));
    expect(await image().tags()).toEqual([]);
    expect(registry.seen).toHaveLength(2);
  });

  it('may be a 403 that speaks of a rate limit', async () => {
    const limited = { status: 403, body: 'You have exceeded a secondary rate limit' };
    const { image, registry } = await aWorld(inTurn<ScriptedAnswer>(limited, noTags));
    await image().tags();
    expect(registry.seen).toHaveLength(2);
  });

  it('may be a connection that ends, before the answer or within it', async () => {
    const cut = { ...json({ tags: ['a', 'b'] }), cutAfter: 5 };
    const { image } = await aWorld(inTurn<ScriptedAnswer | 'reset'>('reset', cut, 'reset', json({ tags: ['a'] })));
    expect(await image().tags()).toEqual(['a']);
  });

  it('is told to whoever counts requests, each try by itself', async () => {
    const reports: RequestReport[] = [];
    const onRequest = (report: RequestReport) => reports.push(report);
    const { image } = await aWorld(inTurn<ScriptedAnswer | 'reset'>('reset', { status: 503 }, noTags), {
      deps: { onRequest },
    });
    await image().tags();
    expect(reports.map(({ method, operation, status, attempt }) => [method, operation, status, attempt])).toEqual([
      ['GET', 'tags', 0, 1],
      ['GET', 'tags', 503, 2],
      ['GET', 'tags', 200, 3],
    ]);
  });
});

describe('a registry that is not there', () => {
  it('is unavailable, to a ping at once', async () => {
    const { registry, store, image, pauses } = await aWorld(() => noTags);
    await registry.stop();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(pauses).toEqual([]);
    await expect(image().tags()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is there when it asks who is there', async () => {
    const { store } = await aWorld(() => fault(401, 'UNAUTHORIZED'));
    await store.ping();
  });
});

describe('a call that is ended', () => {
  it('ends while it waits for an answer', async () => {
    const ending = new AbortController();
    const { image } = await aWorld(() => {
      ending.abort();
      return 'reset';
    });
    await expect(image().tags({ signal: ending.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('ends while a blob comes', async () => {
    const ending = new AbortController();
    const big = Buffer.alloc(8_000_000);
    const { image } = await aWorld(() => ({ status: 200, body: big }));
    const opened = await image().openBlob({ digest: digestOf(big), size: big.length }, { signal: ending.signal });
    ending.abort();
    await expect(buffer(opened!.stream)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('a redirect', () => {
  const alice = { kind: 'bearer', token: 'secret' } as const;

  it.each([301, 302, 303, 307, 308])('%i to another server is followed without credentials', async (status) => {
    const other = await another(() => ({ status: 200, body: content }));
    const { image } = await aWorld(() => ({ status, headers: { location: `http://${other.host}/blob?sig=x` } }));
    const opened = await image(alice).openBlob(blob);
    expect((await buffer(opened!.stream)).toString()).toBe('content');
    expect(other.log()).toEqual(['GET /blob?sig=x']);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('within the registry keeps the credentials', async () => {
    const { image, registry } = await aWorld(({ path }) =>
      path === '/moved' ? { status: 200, body: content } : { status: 307, headers: { location: '/moved' } },
    );
    await buffer((await image(alice).openBlob(blob))!.stream);
    expect(registry.seen[1]?.headers.authorization).toBe('Bearer secret');
  });

  it('with credentials in its URL does not get them sent', async () => {
    const other = await another(() => ({ status: 200, body: content }));
    const location = `http://alice:secret@${other.host}/blob`;
    const { image } = await aWorld(() => ({ status: 307, headers: { location } }));
    await buffer((await image(alice).openBlob(blob))!.stream);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://[fd00::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x0a000001/',
    'http://inside.example/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'http://',
  ])('into a network that the registry is not in is refused: %s', async (location) => {
    const resolveName = () => Promise.resolve([{ address: '10.0.0.1', family: 4 }]);
    const { image } = await aWorld(() => ({ status: 307, headers: { location } }), { deps: { resolveName } });
    await expect(image().openBlob(blob)).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it('that leads to itself ends', async () => {
    const { image, registry } = await aWorld(({ url }) => ({ status: 302, headers: { location: url } }));
    await expect(image().openBlob(blob)).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
    expect(registry.seen.length).toBeLessThan(10);
  });

  it('of a PUT is not followed', async () => {
    const other = await another(() => ({ status: 201 }));
    const { image } = await aWorld(() => ({ status: 307, headers: { location: `http://${other.host}/` } }));
    const pushed = image().pushManifest('x', { mediaType: 'a/b', bytes: content });
    await expect(pushed).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
    expect(other.seen).toEqual([]);
  });

  it('is what a client is told to follow by itself, where it leads elsewhere', async () => {
    const { image } = await aWorld(() => ({ status: 307, headers: { location: 'https://cdn.example/x?sig=y' } }));
    expect((await image().locateBlob(blob))?.href).toBe('https://cdn.example/x?sig=y');
    const streaming = await aWorld(() => ({ status: 200, body: content }));
    expect(await streaming.image().locateBlob(blob)).toBeUndefined();
    const own = await aWorld(() => ({ status: 307, headers: { location: '/moved' } }));
    expect(await own.image().locateBlob(blob)).toBeUndefined();
  });
});

describe('a token realm', () => {
  it('in a network that the registry is not in gets no credentials', async () => {
    const challenge = { 'www-authenticate': 'Bearer realm="http://10.1.2.3/token",service="s"' };
    const { image } = await aWorld(() => ({ status: 401, headers: challenge }));
    const alice = { kind: 'basic', username: 'alice', password: 'secret' } as const;
    await expect(image(alice).tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });
});

describe('a connection', () => {
  const manifest = (request: { method: string }): ScriptedAnswer => ({
    status: 200,
    headers: {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'docker-content-digest': digestOf(content),
      ...(request.method === 'HEAD' && { 'content-length': String(content.length) }),
    },
    body: content,
  });

  it('is kept for the next question about a tag', async () => {
    const { image, registry } = await aWorld(manifest);
    for (let i = 0; i < 5; i += 1) await image().resolve('index');
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD', 'HEAD', 'HEAD']);
    // One more where the question comes before undici has looked at the idle one.
    expect(new Set(registry.seen.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
  });

  it('of a server that sends a body where none may be does no harm to the next question', async () => {
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndocker-content-digest: ${digestOf(content)}\r\ncontent-length: 7\r\n\r\n`;
    const listing = '{"tags":["one"]}';
    const tags = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${listing.length}\r\n\r\n${listing}`;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request) => socket.write(request.toString().startsWith('HEAD') ? `${head}content` : tags));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const store = anyRegistryStore(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => store.close());
    const image = store.image('a/b', { kind: 'anonymous' });
    for (let i = 0; i < 3; i += 1) {
      expect((await image.resolve('index'))?.digest).toBe(digestOf(content));
      expect(await image.tags()).toEqual(['one']);
    }
  });
});
