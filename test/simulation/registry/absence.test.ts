import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Credentials, ImageStore } from '../../../src/store/store.ts';
import { fault, json, type ScriptedAnswer, type SeenRequest } from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const bytes = Buffer.from('content');
const blob = { digest: digestOf(bytes), size: bytes.length };
const found: ScriptedAnswer = { status: 200, headers: { 'content-type': 'a/b' }, body: bytes };
const page: ScriptedAnswer = { status: 404, body: '404 page not found\n' };

const lookUps: readonly [string, (image: ImageStore) => Promise<unknown>][] = [
  ['a manifest', (image) => image.fetchManifest('tag')],
  ['a digest', (image) => image.resolve('tag')],
  ['a blob', (image) => image.openBlob(blob)],
  ['the tags', async (image) => ((await image.tags()).length === 0 ? undefined : 'some')],
];

describe.each(lookUps)('a look for %s', (_name, look) => {
  it.each<[string, ScriptedAnswer]>([
    ['MANIFEST_UNKNOWN', fault(404, 'MANIFEST_UNKNOWN')],
    ['BLOB_UNKNOWN', fault(404, 'BLOB_UNKNOWN')],
    ['NAME_UNKNOWN', fault(404, 'NAME_UNKNOWN')],
    ["Harbor's NOT_FOUND", fault(404, 'NOT_FOUND')],
    ["Quay's TAG_EXPIRED", fault(404, 'TAG_EXPIRED')],
  ])('finds nothing where the registry says so: %s', async (_code, answer) => {
    const { image, pauses } = await aWorld(() => answer);
    expect(await look(image())).toBeUndefined();
    expect(pauses).toEqual([]);
  });

  it.each<[string, ScriptedAnswer]>([
    ['a page', page],
    ['no body', { status: 404 }],
    ['JSON of a front end', { status: 404, body: '{"message":"no Route matched with those values"}' }],
    ['a list without a code', { status: 404, body: '{"errors":[{"status":404,"message":"Not Found"}]}' }],
  ])('is a fault where a 404 says nothing of itself: %s', async (_form, answer) => {
    const { image } = await aWorld(() => answer);
    await expect(look(image())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { bare404: true } });
  });

  it('outlives a moment in which a front end has no back end', async () => {
    const whole = _name === 'the tags' ? json({ tags: ['tag'] }) : found;
    const next = inTurn<ScriptedAnswer>(page, page, whole);
    const { image } = await aWorld(({ method }) => (method === 'HEAD' ? page : next()));
    expect(await look(image())).toBeDefined();
  });

  it('is a fault where the image is unknown of which this caller has just read something', async () => {
    const { image, pass } = await aWorld(knownThenUnknown());
    await image().fetchManifest('first');
    await expect(look(image())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { isContradiction: true },
    });
    pass(61_000);
    expect(await look(image())).toBeUndefined();
  });

  it('finds nothing in an image that is hidden from this caller, whoever else has just read something', async () => {
    const { image } = await aWorld((request) =>
      request.headers.authorization === `Basic ${btoa('alice:secret')}` ? found : challenged(request),
    );
    await image(user('alice')).fetchManifest('first');
    expect(await look(image(user('bob')))).toBeUndefined();
  });

  it('finds nothing once the last of an image was removed', async () => {
    const { image } = await aWorld((request) =>
      request.method === 'DELETE' ? { status: 202 } : knownThenUnknown()(request),
    );
    await image().fetchManifest('first');
    await image().deleteTag('first');
    expect(await look(image())).toBeUndefined();
  });
});

describe('an empty listing', () => {
  it('is a fault where this caller has just read something of the image', async () => {
    const { image } = await aWorld(({ path }) => (path.endsWith('/list') ? { status: 200, body: '' } : found));
    expect(await image().tags()).toEqual([]);
    await image().fetchManifest('tag');
    await expect(image().tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });
});

describe('a registry without HEAD', () => {
  it.each([405, 501])('is asked by GET: %i', async (status) => {
    const { image } = await aWorld(({ method }) => (method === 'HEAD' ? { status } : found));
    expect((await image().resolve('tag'))?.digest).toBe(blob.digest);
    expect(await image().hasBlob(blob.digest)).toBe(true);
  });

  it.each([405, 501])('has no blob where GET says so: %i', async (status) => {
    const { image } = await aWorld(({ method }) => (method === 'HEAD' ? { status } : fault(404, 'BLOB_UNKNOWN')));
    expect(await image().hasBlob(blob.digest)).toBe(false);
  });
});

describe('a blob that the registry promises', () => {
  it.each<[string, ScriptedAnswer]>([
    ['and breaks off', { ...found, cutAfter: 3 }],
    ['and answers as another one', { status: 200, body: 'CONTENT' }],
    ['and answers shorter', { status: 200, body: 'con' }],
  ])('%s can’t be read', async (_how, answer) => {
    const { image } = await aWorld(({ method }) => (method === 'HEAD' ? { status: 200 } : answer));
    expect(await image().isReadable(blob)).toBe(false);
  });

  it('can be read where only one answer was cut', async () => {
    const { image } = await aWorld(inTurn<ScriptedAnswer>({ ...found, cutAfter: 3 }, found));
    expect(await image().isReadable(blob)).toBe(true);
  });

  it('is asked for its last byte where it is large', async () => {
    const size = 1_000_000;
    const { image, registry } = await aWorld(() => ({
      status: 206,
      headers: { 'content-range': `bytes ${size - 1}-${size - 1}/${size}` },
      body: 'x',
    }));
    expect(await image().isReadable({ digest: blob.digest, size })).toBe(true);
    expect(registry.seen[0]?.headers.range).toBe('bytes=999999-999999');
  });

  it('is no word on a registry out of reach', async () => {
    const { image } = await aWorld(() => 'reset');
    await expect(image().isReadable(blob)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a write', () => {
  it.each<[string, (image: ImageStore) => Promise<unknown>]>([
    ['the begin of an upload', (image) => image.startUpload()],
    ['a small blob', (image) => image.pushBlob(bytes)],
    ['a manifest', (image) => image.pushManifest('tag', { mediaType: 'a/b', bytes })],
  ])('may succeed later where a front end answers it with a page of 404: %s', async (_what, write) => {
    const { image } = await aWorld(() => page);
    await expect(write(image())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { bare404: true } });
  });
});

function user(username: string): Credentials {
  return { kind: 'basic', username, password: 'secret' };
}

function knownThenUnknown() {
  return ({ path }: SeenRequest): ScriptedAnswer => (path.endsWith('/first') ? found : fault(404, 'NAME_UNKNOWN'));
}

// What a registry that hides says: 401 to nobody, 404 to who may not.
function challenged({ headers }: SeenRequest): ScriptedAnswer {
  if (headers.authorization !== undefined) return fault(404, 'NAME_UNKNOWN');
  return { ...fault(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': 'Basic realm="x"' } };
}
