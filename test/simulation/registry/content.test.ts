import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { maxManifestBytes } from '../../../src/oci/manifest.ts';
import { fault, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const content = Buffer.from('0123456789');
const digest = digestOf(content);
const blob = { digest, size: 10 };
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

describe('a blob that is not what was asked for', () => {
  it.each<[string, ScriptedAnswer, string]>([
    ['other bytes', { status: 200, body: '9876543210' }, 'DIGEST_MISMATCH'],
    ['fewer bytes', { status: 200, body: '01234' }, 'DIGEST_MISMATCH'],
    ['more bytes', { status: 200, body: '0123456789a' }, 'DIGEST_MISMATCH'],
    ['more bytes, unannounced', chunked('0123456789a'), 'DIGEST_MISMATCH'],
    ['fewer bytes, unannounced', chunked('01234'), 'DIGEST_MISMATCH'],
    ['a cut body', { status: 200, body: content, cutAfter: 5 }, 'STORE_UNAVAILABLE'],
    ['a part', { status: 206, body: '01234' }, 'DIGEST_MISMATCH'],
  ])('fails before its last byte: %s', async (_name, answer, code) => {
    const { image } = await aWorld(() => answer);
    let received = 0;
    const read = async () => {
      const opened = await image().openBlob(blob);
      for await (const chunk of opened!.stream) received += (chunk as Buffer).length;
    };
    await expect(read()).rejects.toMatchObject({ code });
    expect(received).toBeLessThan(10);
  });

  it('fails on the last of many chunks', async () => {
    const whole = Buffer.alloc(1_000_000, 'a');
    const altered = Buffer.from(whole).fill('b', 999_999);
    const { image } = await aWorld(() => ({ status: 200, body: altered }));
    let received = 0;
    const read = async () => {
      const opened = await image().openBlob({ digest: digestOf(whole), size: whole.length });
      for await (const chunk of opened!.stream) received += (chunk as Buffer).length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(received).toBeLessThan(whole.length);
  });
});

describe('a range', () => {
  const range = { start: 2, end: 4 };

  it.each<[string, ScriptedAnswer]>([
    ['as asked', { status: 206, headers: { 'content-range': 'bytes 2-4/10' }, body: '234' }],
    ['as the whole, by who ignores Range', { status: 200, body: content }],
  ])('is delivered: %s', async (_name, answer) => {
    const { image, registry } = await aWorld(() => answer);
    const opened = await image().openBlob(blob, { range });
    expect((await buffer(opened!.stream)).toString()).toBe('234');
    expect(registry.seen[0]?.headers.range).toBe('bytes=2-4');
  });

  it.each<[string, ScriptedAnswer, string]>([
    [
      'another range',
      { status: 206, headers: { 'content-range': 'bytes 3-5/10' }, body: '345' },
      'STORE_ANSWER_INVALID',
    ],
    ['an unnamed range', { status: 206, body: '234' }, 'STORE_ANSWER_INVALID'],
    ['a refusal', { status: 416 }, 'STORE_ANSWER_INVALID'],
    ['too little', { status: 206, headers: { 'content-range': 'bytes 2-4/10' }, body: '2' }, 'DIGEST_MISMATCH'],
  ])('is refused: %s', async (_name, answer, code) => {
    const { image } = await aWorld(() => answer);
    const read = async () => buffer((await image().openBlob(blob, { range }))!.stream);
    await expect(read()).rejects.toMatchObject({ code });
  });
});

describe('a manifest', () => {
  const headers = { 'content-type': `${mediaType}; charset=utf-8`, 'docker-content-digest': digest };

  it('is what its bytes are, with its type without parameters', async () => {
    const { image, registry } = await aWorld(() => ({ status: 200, headers, body: content }));
    expect(await image().fetchManifest('tag')).toMatchObject({ digest, mediaType });
    expect(registry.seen[0]?.headers.accept).toContain(mediaType);
  });

  it.each<[string, string, ScriptedAnswer, string]>([
    ['another than its header says', 'tag', { status: 200, headers, body: 'other' }, 'DIGEST_MISMATCH'],
    ['another than was asked for', digestOf('x'), { status: 200, body: content }, 'DIGEST_MISMATCH'],
    ['too large', 'tag', { status: 200, body: Buffer.alloc(maxManifestBytes + 1) }, 'SIZE_EXCEEDED'],
    ['an odd status', 'tag', { status: 204 }, 'STORE_ANSWER_INVALID'],
  ])('is refused: %s', async (_name, reference, answer, code) => {
    const { image } = await aWorld(() => answer);
    await expect(image().fetchManifest(reference)).rejects.toMatchObject({ code });
  });

  it('is resolved by GET where HEAD tells no digest', async () => {
    const { image, registry } = await aWorld(({ method }) =>
      method === 'HEAD' ? { status: 200 } : { status: 200, headers: { 'content-type': mediaType }, body: content },
    );
    expect(await image().resolve('tag')).toEqual({ digest, mediaType, size: 10 });
    expect(registry.log()).toEqual(['HEAD /v2/a/b/manifests/tag', 'GET /v2/a/b/manifests/tag']);
  });

  it('is resolved to nothing else than the digest asked for', async () => {
    const { image } = await aWorld(() => ({ status: 200, headers: { ...headers, 'content-length': '10' } }));
    await expect(image().resolve(digestOf('x'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});

describe('a put manifest', () => {
  const push = { mediaType, bytes: content };

  it.each<[string, ScriptedAnswer, string, object]>([
    [
      'MANIFEST_INVALID',
      fault(400, 'MANIFEST_INVALID', 'unknown media type'),
      'STORE_ANSWER_INVALID',
      { refused: true },
    ],
    ['405 of old ECR', fault(405, 'UNSUPPORTED', 'Invalid JSON syntax'), 'STORE_ANSWER_INVALID', { refused: true }],
    ['415', { status: 415 }, 'STORE_ANSWER_INVALID', { refused: true }],
    ['a class refused', fault(403, 'DENIED', 'unknown manifest class'), 'STORE_ANSWER_INVALID', { refused: true }],
    ['no right', fault(403, 'DENIED', 'requested access is denied'), 'FORBIDDEN', { right: 'push' }],
    ['ECR immutable', fault(400, 'TAG_INVALID', 'tag already exists and is immutable'), 'TAG_IMMUTABLE', {}],
    ['Harbor immutable', fault(412, 'PRECONDITION'), 'TAG_IMMUTABLE', {}],
    ['Quay immutable', fault(409, 'TAG_IMMUTABLE'), 'TAG_IMMUTABLE', {}],
    ['ACR locked', fault(405, 'REGISTRY_DISALLOWED_OPERATION'), 'TAG_IMMUTABLE', {}],
    ['a missing blob', fault(404, 'MANIFEST_BLOB_UNKNOWN'), 'BLOB_UNKNOWN', {}],
    ['a missing blob, the other way', fault(400, 'BLOB_UNKNOWN'), 'BLOB_UNKNOWN', {}],
  ])('that is refused says why: %s', async (_name, answer, code, details) => {
    const { image } = await aWorld(({ method }) => (method === 'PUT' ? answer : fault(404, 'MANIFEST_UNKNOWN')));
    await expect(image().pushManifest('tag', push)).rejects.toMatchObject({ code, details });
  });

  it('that an immutable tag has already is there', async () => {
    const headers = { 'docker-content-digest': digest, 'content-length': '10', 'content-type': mediaType };
    const { image } = await aWorld(({ method }) =>
      method === 'PUT' ? fault(409, 'TAG_IMMUTABLE') : { status: 200, headers },
    );
    expect(await image().pushManifest('tag', push)).toBe(digest);
  });
});

function chunked(body: string): ScriptedAnswer {
  return { status: 200, headers: { 'transfer-encoding': 'chunked' }, body };
}
