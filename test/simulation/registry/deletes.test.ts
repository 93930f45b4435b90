import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { fault, type ScriptedAnswer, type SeenRequest } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const digest = digestOf('manifest');
const found = { 'docker-content-digest': digest, 'content-length': '8', 'content-type': 'application/json' };
const byTag = 'DELETE /v2/a/b/manifests/tag';
const head = 'HEAD /v2/a/b/manifests/tag';
const get = 'GET /v2/a/b/manifests/tag';
const byDigest = `DELETE /v2/a/b/manifests/${digest}`;

function removing(tagAnswer: ScriptedAnswer, digestAnswer: ScriptedAnswer, headAnswer?: ScriptedAnswer) {
  return ({ method, path }: SeenRequest): ScriptedAnswer => {
    if (method === 'HEAD') return headAnswer ?? { status: 200, headers: found };
    if (method === 'GET') return { status: 200, headers: found, body: 'manifest' };
    return path.includes('sha256:') ? digestAnswer : tagAnswer;
  };
}

const gone: ScriptedAnswer = { status: 202 };
const unused = fault(418, 'UNUSED');

describe('removing a tag', () => {
  it.each<[string, ScriptedAnswer, ScriptedAnswer, string[]]>([
    ['by tag', gone, unused, [byTag]],
    ['that is gone already', fault(404, 'MANIFEST_UNKNOWN'), unused, [byTag]],
    ['of an image that is gone', fault(404, 'NAME_UNKNOWN'), unused, [byTag]],
    ['by digest at distribution 2.8', fault(400, 'DIGEST_INVALID'), gone, [byTag, head, get, byDigest]],
    ['by digest at Harbor', fault(400, 'UNSUPPORTED'), gone, [byTag, head, get, byDigest]],
    ['by digest at ACR', fault(405, 'UNSUPPORTED'), gone, [byTag, head, get, byDigest]],
    ['by digest where a page says 404', { status: 404, body: '<html>' }, gone, [byTag, head, get, byDigest]],
    [
      'by digest that went meanwhile',
      fault(405, 'UNSUPPORTED'),
      fault(404, 'MANIFEST_UNKNOWN'),
      [byTag, head, get, byDigest],
    ],
  ])('works %s', async (_name, tagAnswer, digestAnswer, log) => {
    const { image, registry } = await aWorld(removing(tagAnswer, digestAnswer));
    await image().deleteTag('tag');
    expect(registry.log()).toEqual(log);
  });

  it('is not done by a digest that one answer tells: it may be that of another tag', async () => {
    const other = { ...found, 'docker-content-digest': digestOf('another') };
    const headAnswer = { status: 200, headers: other };
    const { image, registry } = await aWorld(removing(fault(400, 'DIGEST_INVALID'), gone, headAnswer));
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(registry.log()).toEqual([byTag, head, get]);
  });

  it('is done where a look shows that the tag is gone', async () => {
    const { image, registry } = await aWorld(({ method }) =>
      method === 'GET' ? fault(404, 'MANIFEST_UNKNOWN') : { status: 404 },
    );
    await image().deleteTag('tag');
    expect(registry.log()).toEqual([byTag, head, 'GET /v2/a/b/manifests/tag']);
  });

  it('is not done because a front end answers 404 to everything', async () => {
    const { image } = await aWorld(() => ({ status: 404, body: '404 page not found' }));
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(image().deleteManifest(digest)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is unsupported, and asked for anew each time, where only removals are answered by a page that says 404', async () => {
    const { image, registry } = await aWorld(removing({ status: 404 }, { status: 404 }));
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    expect(registry.log().filter((line) => line === byTag)).toHaveLength(2);
  });

  it('goes straight to the digest once the registry is known to take no tags, for some minutes', async () => {
    const { image, registry, pass } = await aWorld(removing(fault(400, 'DIGEST_INVALID'), gone));
    await image().deleteTag('tag');
    await image().deleteTag('tag');
    expect(registry.log().slice(4)).toEqual([head, get, byDigest]);
    pass(10 * 60_000);
    await image().deleteTag('tag');
    expect(registry.log().slice(7)).toEqual([byTag, head, get, byDigest]);
  });

  it('is unsupported where neither works, and asked for again only after some minutes', async () => {
    const no = fault(405, 'UNSUPPORTED');
    const { image, registry, pass } = await aWorld(removing(no, no));
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    expect(registry.seen).toHaveLength(4);
    pass(10 * 60_000);
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    expect(registry.seen).toHaveLength(8);
  });

  it('goes on where manifests without a tag can’t be removed: that is no word on tags', async () => {
    const no = fault(400, 'UNSUPPORTED');
    const { image, registry } = await aWorld(removing(gone, no));
    await expect(image().deleteManifest(digest)).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    await expect(image().deleteManifest(digest)).rejects.toMatchObject({ code: 'DELETE_UNSUPPORTED' });
    await image().deleteTag('tag');
    expect(registry.log()).toEqual([byDigest, byTag]);
  });

  it.each<[string, ScriptedAnswer, string]>([
    ['no right', fault(403, 'DENIED'), 'FORBIDDEN'],
    ['no credentials', fault(401, 'UNAUTHORIZED'), 'UNAUTHORIZED'],
    ['Harbor immutable', fault(412, 'PRECONDITION'), 'TAG_IMMUTABLE'],
    ['Quay immutable', fault(409, 'TAG_IMMUTABLE'), 'TAG_IMMUTABLE'],
    ['ACR locked', fault(405, 'REGISTRY_DISALLOWED_OPERATION'), 'TAG_IMMUTABLE'],
  ])('that is refused says why, and is asked for again the next time: %s', async (_name, answer, code) => {
    const { image, registry } = await aWorld(removing(answer, gone));
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code });
    const asked = registry.seen.length;
    await expect(image().deleteTag('tag')).rejects.toMatchObject({ code });
    expect(registry.seen.length).toBe(2 * asked);
  });

  it('is repeated where the registry looks through a part of its tags at a time', async () => {
    let left = 3;
    const { image, registry } = await aWorld(({ url }) => {
      left -= 1;
      const link = `<${url.split('?')[0]}?cursor=${left}>; rel="next"`;
      return left > 0 ? { ...fault(400, 'ManifestTagsListTooBig'), headers: { link } } : gone;
    });
    await image().deleteTag('tag');
    expect(registry.log()).toEqual([byTag, `${byTag}?cursor=2`, `${byTag}?cursor=1`]);
  });
});
