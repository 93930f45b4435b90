import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import {
  fault,
  startScriptedRegistry,
  type ScriptedAnswer,
  type SeenRequest,
} from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const bytes = Buffer.from('content');
const source = { digest: digestOf(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
const session = '/v2/a/b/blobs/uploads/1?_state=a%2Bb%3D%3D';
const opened: ScriptedAnswer = { status: 202, headers: { location: session } };
const created: ScriptedAnswer = { status: 201 };

/** Answers by method: POST opens, HEAD finds nothing, unless told otherwise. */
function uploading(answers: Partial<Record<string, (request: SeenRequest) => ScriptedAnswer | 'reset'>>) {
  const usual: typeof answers = { POST: () => opened, PUT: () => created, HEAD: () => ({ status: 404 }) };
  return (request: SeenRequest) => (answers[request.method] ?? usual[request.method])?.(request) ?? { status: 418 };
}

const methods = (seen: readonly SeenRequest[]) => seen.map(({ method }) => method).join(' ');

describe('an upload', () => {
  it('is one POST and one PUT of known length into that session, its query kept byte for byte', async () => {
    const { image, registry } = await aWorld(uploading({}));
    await (await image().startUpload()).finish(source);
    expect(registry.log()).toEqual([
      'POST /v2/a/b/blobs/uploads/',
      `PUT ${session}&digest=${encodeURIComponent(source.digest)}`,
    ]);
    expect(registry.seen[1]?.headers['content-length']).toBe('7');
    expect(registry.seen[1]?.headers['transfer-encoding']).toBeUndefined();
    expect(registry.seen[1]?.body.toString()).toBe('content');
  });

  it.each([200, 201, 202, 204])('is done where the answer is %i', async (status) => {
    const { image } = await aWorld(uploading({ PUT: () => ({ status }) }));
    await image().pushBlob(bytes);
  });

  it('sends no credentials to an upload host of another origin', async () => {
    const other = await startScriptedRegistry(() => created);
    onTestFinished(() => other.stop());
    const { image } = await aWorld(
      uploading({ POST: () => ({ status: 202, headers: { location: `http://${other.host}/up?x=1` } }) }),
    );
    await image({ kind: 'bearer', token: 'secret' }).pushBlob(bytes);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
    expect(other.seen[0]?.body.toString()).toBe('content');
  });

  it('into a network that the registry is not in is refused', async () => {
    const { image } = await aWorld(
      uploading({ POST: () => ({ status: 202, headers: { location: 'http://10.0.0.1/' } }) }),
    );
    await expect(image().pushBlob(bytes)).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it.each<[string, ScriptedAnswer | 'reset']>([
    ['whose session was lost', fault(404, 'BLOB_UPLOAD_UNKNOWN')],
    ['whose connection broke', 'reset'],
    ['that met a fault of the moment', { status: 503 }],
  ])('is begun again from its session on, after a look: %s', async (_name, answer) => {
    const put = inTurn<ScriptedAnswer | 'reset'>(answer, created);
    const { image, registry } = await aWorld(uploading({ PUT: put }));
    await (await image().startUpload()).finish(source);
    expect(methods(registry.seen)).toBe('POST PUT HEAD POST PUT');
    expect(registry.seen.at(-1)?.body.toString()).toBe('content');
  });

  it('is done where its answer was lost and the blob is there', async () => {
    const { image, registry } = await aWorld(
      uploading({ PUT: () => fault(404, 'BLOB_UPLOAD_UNKNOWN'), HEAD: () => ({ status: 200 }) }),
    );
    await (await image().startUpload()).finish(source);
    expect(methods(registry.seen)).toBe('POST PUT HEAD');
  });

  it('ends after five tries', async () => {
    const { image, registry } = await aWorld(uploading({ PUT: () => ({ status: 503 }) }));
    await expect(image().pushBlob(bytes)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(registry.seen.filter(({ method }) => method === 'PUT')).toHaveLength(5);
  });

  it('of content that the registry reads otherwise is a mismatch', async () => {
    const { image } = await aWorld(uploading({ PUT: () => fault(400, 'DIGEST_INVALID') }));
    await expect(image().pushBlob(bytes)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('that says no Location is refused', async () => {
    const { image } = await aWorld(uploading({ POST: () => ({ status: 202 }) }));
    await expect(image().startUpload()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it.each([
    ['of 4 MiB', {}, 4 * 1024 * 1024],
    ['as large as the registry wants them', { 'oci-chunk-min-length': '5242880' }, 5 * 1024 * 1024],
  ])('too large for one request goes in chunks %s', async (_name, headers, chunkBytes) => {
    const large = randomBytes(9 * 1024 * 1024);
    const received: Buffer[] = [];
    const { image, registry } = await aWorld(
      uploading({
        POST: () => ({ status: 202, headers: { ...opened.headers, ...headers } }),
        PUT: ({ body }) => (body.length > 0 ? { status: 413 } : created),
        PATCH: ({ body }) => {
          received.push(body);
          return { status: 202, headers: { location: `/v2/a/b/blobs/uploads/1?part=${received.length}` } };
        },
      }),
    );
    await image().pushBlob(large);
    expect(Buffer.concat(received).equals(large)).toBe(true);
    expect(received[0]).toHaveLength(chunkBytes);
    const patches = registry.seen.filter(({ method }) => method === 'PATCH');
    expect(patches[0]?.headers['content-range']).toBe(`0-${chunkBytes - 1}`);
    expect(patches[1]?.headers['content-range']?.split('-')[0]).toBe(String(chunkBytes));
    expect(patches[1]?.url).toBe('/v2/a/b/blobs/uploads/1?part=1');
    expect(registry.log().at(-1)).toContain(`part=${received.length}&digest=`);
  });

  it('is given back when it is cancelled', async () => {
    const { image, registry } = await aWorld(uploading({ DELETE: () => ({ status: 500 }) }));
    await (await image().startUpload()).cancel();
    expect(registry.log()[1]).toBe(`DELETE ${session}`);
  });
});

describe('content that is sent while it still comes', () => {
  const next = '/v2/a/b/blobs/uploads/1?_state=next';
  const took = { status: 202, headers: { location: next } };
  const closed = `PUT ${next}&digest=${encodeURIComponent(source.digest)}`;

  async function sentAhead(script: Parameters<typeof uploading>[0], told = bytes.length) {
    const { image, registry } = await aWorld(uploading({ PATCH: () => took, ...script }));
    const upload = await image().startUpload();
    const write = upload.ahead!(told);
    for (const piece of ['con', 'tent']) await write(Buffer.from(piece));
    return { upload, registry };
  }

  it('is one PATCH, closed once its digest is known', async () => {
    const { upload, registry } = await sentAhead({});
    await upload.finish(source);
    expect(registry.log()).toEqual(['POST /v2/a/b/blobs/uploads/', `PATCH ${session}`, closed]);
    const [, patch, put] = registry.seen;
    expect(patch?.headers['content-range']).toBe('0-6');
    expect([patch?.body.toString(), put?.body.length]).toEqual(['content', 0]);
    await upload.cancel();
    expect(registry.seen).toHaveLength(3);
  });

  it.each<[string, Parameters<typeof uploading>[0]]>([
    ['that is too large for one request', { PATCH: () => ({ status: 413 }) }],
    ['of a registry that takes no pieces', { PATCH: () => ({ status: 405 }) }],
    ['whose connection broke', { PATCH: () => 'reset' }],
    ['whose end was not taken', { PUT: inTurn<ScriptedAnswer>(fault(400, 'DIGEST_INVALID'), created) }],
  ])('is sent again in the usual way where that fails: %s', async (_name, script) => {
    const { upload, registry } = await sentAhead(script);
    await upload.finish(source);
    const last = registry.seen.at(-1);
    expect([last?.method, last?.body.toString()]).toEqual(['PUT', 'content']);
  });

  it.each([6, 8])('is sent again where it is of another size than was told: %i', async (told) => {
    const { upload, registry } = await sentAhead({}, told);
    await upload.finish(source);
    const last = registry.seen.at(-1);
    expect([last?.method, last?.body.toString()]).toEqual(['PUT', 'content']);
    expect(registry.log()).not.toContain(closed);
  });

  it('is thrown away where it is no good', async () => {
    const { upload, registry } = await sentAhead({ DELETE: () => ({ status: 204 }) });
    await upload.cancel();
    expect(registry.seen.at(-1)?.method).toBe('DELETE');
    expect(methods(registry.seen)).not.toContain('PUT');
  });
});

describe('a small blob', () => {
  it('costs nothing the second time, in the same image', async () => {
    const { store, image, registry } = await aWorld(uploading({}));
    await image().pushBlob(bytes);
    await image().pushBlob(bytes);
    expect(registry.seen).toHaveLength(2);
    await store.image('other', { kind: 'anonymous' }).pushBlob(bytes);
    expect(registry.seen.length).toBeGreaterThan(2);
  });

  it('is uploaded again once a manifest was told that it is missing', async () => {
    const { image, registry } = await aWorld(
      uploading({ PUT: ({ path }) => (path.includes('/manifests/') ? fault(404, 'MANIFEST_BLOB_UNKNOWN') : created) }),
    );
    await image().pushBlob(bytes);
    const pushed = image().pushManifest('tag', { mediaType: 'a/b', bytes });
    await expect(pushed).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    await image().pushBlob(bytes);
    expect(methods(registry.seen)).toBe('POST PUT PUT POST PUT');
  });
});
