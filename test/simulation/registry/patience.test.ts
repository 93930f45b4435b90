import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import type { CallOptions, ImageStore } from '../../../src/store/store.ts';
import { fault, json, type ScriptedAnswer, type SeenRequest } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const bytes = Buffer.from('content');
const blob = { digest: digestOf(bytes), size: bytes.length };
const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes };
const never = () => new Promise<ScriptedAnswer>(() => undefined);
const challenge = ({ headers: { host = '' } }: SeenRequest) => ({
  ...fault(401, 'UNAUTHORIZED'),
  headers: { 'www-authenticate': `Bearer realm="http://${host}/token",service="x"` },
});

type Call = (image: ImageStore, call: CallOptions) => Promise<unknown>;

const calls: readonly [string, Call][] = [
  ['resolve', (image, call) => image.resolve('tag', call)],
  ['fetchManifest', (image, call) => image.fetchManifest('tag', call)],
  ['tags', (image, call) => image.tags(call)],
  ['hasBlob', (image, call) => image.hasBlob(blob.digest, call)],
  ['openBlob', (image, call) => image.openBlob(blob, call)],
  ['isReadable', (image, call) => image.isReadable(blob, call)],
  ['locateBlob', (image, call) => image.locateBlob(blob, call)],
  ['pushBlob', (image, call) => image.pushBlob(bytes, call)],
  ['startUpload', (image, call) => image.startUpload(call)],
  ['pushManifest', (image, call) => image.pushManifest('tag', manifest, call)],
  ['deleteTag', (image, call) => image.deleteTag('tag', call)],
  ['deleteManifest', (image, call) => image.deleteManifest(blob.digest, call)],
];

describe.each(calls)('%s', (_name, call) => {
  it.each<[string, (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>]>([
    ['doesn’t answer', never],
    ['doesn’t answer the login', (request) => (request.path === '/token' ? never() : challenge(request))],
  ])('ends when its patience does, where the registry %s', async (_how, script) => {
    const { image } = await aWorld(script);
    await expect(call(image(), { patienceMs: 50 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { isLate: true },
    });
  });

  it('ends when its signal fires, where the registry doesn’t answer', async () => {
    const { image } = await aWorld(never);
    await expect(call(image(), { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('fails at once where it is asked to wait for longer than its patience', async () => {
    const { image, pauses } = await aWorld(() => ({ status: 429, headers: { 'retry-after': '10' } }));
    await expect(call(image(), { patienceMs: 2_000 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { retryAfterSeconds: 10 },
    });
    expect(pauses).toEqual([]);
  });
});

describe('a call of a caller in a hurry', () => {
  it('fails at once where the budget of requests is spent for longer', async () => {
    const { image, pauses } = await aWorld(() => json({ tags: [] }), { store: { requestsPerMinute: 20 } });
    for (let i = 0; i < 20; i += 1) await image().tags();
    await expect(image().tags({ patienceMs: 2_000 })).rejects.toMatchObject({ details: { retryAfterSeconds: 3 } });
    expect(pauses).toEqual([]);
  });

  it('gives a body that is read on after that', async () => {
    let go = () => {};
    const waiting = new Promise<void>((resolve) => (go = resolve));
    const { image } = await aWorld(() => ({ status: 200, body: bytes, pauseAfter: { bytes: 3, until: waiting } }));
    const opened = await image().openBlob(blob, { patienceMs: 50 });
    setTimeout(go, 100);
    const chunks: Buffer[] = [];
    for await (const chunk of opened!.stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('content');
  });

  it('gets the gateway’s own credentials in that time, or none', async () => {
    const { store } = await aWorld(never, {
      deps: { gatewayCredentials: { find: () => new Promise(() => undefined) } },
    });
    const call = store.image('a/b', { kind: 'gateway' }).tags({ patienceMs: 50 });
    await expect(call).rejects.toMatchObject({ details: { isLate: true } });
  });
});

describe('a registry that is read-only', () => {
  const writes = calls.filter(([name]) => ['pushBlob', 'startUpload', 'pushManifest'].includes(name));
  const methodUnknown = { status: 405, headers: { 'content-type': 'text/plain' }, body: 'Method Not Allowed\n' };

  it.each(writes)('says so, and when to come again: %s', async (_name, call) => {
    for (const answer of [
      methodUnknown,
      fault(403, 'DENIED', 'The system is in read only mode. Any modification is prohibited.'),
      fault(405, 'UNSUPPORTED', 'the registry is in read-only mode'),
    ]) {
      const { image } = await aWorld(() => answer);
      await expect(call(image(), {})).rejects.toMatchObject({
        code: 'STORE_READ_ONLY',
        details: { retryAfterSeconds: 30 },
      });
    }
  });

  it('removes nothing: where it says that it is read-only, and where only another try tells', async () => {
    const harbor = await aWorld(() => fault(403, 'DENIED', 'The system is in read only mode.'));
    await expect(harbor.image().deleteTag('tag')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    const found = { 'docker-content-digest': blob.digest, 'content-length': '7' };
    let isReadOnly = true;
    const { image } = await aWorld(({ method }) => {
      if (method !== 'DELETE') return { status: 200, headers: found, ...(method === 'GET' && { body: 'content' }) };
      return isReadOnly ? methodUnknown : { status: 202 };
    });
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    isReadOnly = false;
    await image().deleteTag('tag');
  });

  it('is no word on who may read', async () => {
    const { image } = await aWorld(() => fault(403, 'DENIED', 'read only mode'));
    await expect(image().tags()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
