import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { fault, json, type ScriptedAnswer, type SeenRequest } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const blob = { digest: digestOf('content'), size: 7 };
const session = '/v2/a/b/blobs/uploads/1?_state=a%3D';
const alice = { kind: 'basic', username: 'alice', password: 'secret' } as const;

describe('a blob of another image', () => {
  it('is mounted by one request', async () => {
    const { image, registry } = await aWorld(() => ({ status: 201 }));
    expect(await image().mountBlob(blob, 'c/d')).toBe(true);
    expect(registry.log()).toEqual([`POST /v2/a/b/blobs/uploads/?mount=${encodeURIComponent(blob.digest)}&from=c%2Fd`]);
  });

  it('isn’t where the registry opens an upload in its place, which is given back', async () => {
    const opened: ScriptedAnswer = { status: 202, headers: { location: session } };
    const { image, registry } = await aWorld(({ method }) => (method === 'POST' ? opened : { status: 204 }));
    expect(await image().mountBlob(blob, 'c/d')).toBe(false);
    expect(registry.log()[1]).toBe(`DELETE ${session}`);
  });

  it.each([400, 404])('isn’t where the registry answers %i', async (status) => {
    const { image } = await aWorld(() => fault(status, 'UNSUPPORTED'));
    expect(await image().mountBlob(blob, 'c/d')).toBe(false);
  });

  it('is refused to those who may not push here or read there', async () => {
    const { image } = await aWorld(() => fault(403, 'DENIED'));
    await expect(image(alice).mountBlob(blob, 'c/d')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is asked for with one token, good for both images, each scope told by itself', async () => {
    const tokens: SeenRequest[] = [];
    const { image, registry } = await aWorld((request) => {
      if (request.path === '/token') {
        tokens.push(request);
        return json({ token: 'good' });
      }
      if (request.headers.authorization === 'Bearer good') return { status: 201 };
      const challenge = `Bearer realm="http://${request.headers.host ?? ''}/token",service="s",scope="repository:a/b:pull,push"`;
      return { ...fault(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': challenge } };
    });
    await image(alice).mountBlob(blob, 'c/d');
    await image(alice).mountBlob(blob, 'c/d');
    expect(tokens.map(({ query }) => query.getAll('scope'))).toEqual([
      ['repository:a/b:pull,push', 'repository:c/d:pull'],
    ]);
    expect(registry.seen.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });
});
