import { describe, expect, it } from 'vitest';
import { fault, json, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { aWorld } from './world.ts';

const anonymous = { kind: 'anonymous' } as const;
const page = (repositories: unknown, link?: string) => json({ repositories }, link === undefined ? {} : { link });

describe('the list of images', () => {
  it('is followed over its pages, and only names of images count', async () => {
    const { store, registry } = await aWorld(({ query }) =>
      query.has('last')
        ? page(['b', null, 'No Image', '../c'])
        : page(['a/b', 'a'], '</v2/_catalog?n=1000&last=a>; rel="next"'),
    );
    expect(await store.imageNames(anonymous, { max: 5000 })).toEqual({ names: ['a/b', 'a', 'b'], isComplete: true });
    expect(registry.log()).toEqual(['GET /v2/_catalog?n=1000', 'GET /v2/_catalog?n=1000&last=a']);
  });

  it('is asked for no further than needed', async () => {
    const { store, registry } = await aWorld(() => page(['a', 'b', 'c'], '<?n=2&last=c>; rel="next"'));
    expect(await store.imageNames(anonymous, { max: 2 })).toEqual({ names: ['a', 'b'], isComplete: false });
    expect(registry.log()).toEqual(['GET /v2/_catalog?n=2']);
  });

  it.each<[string, ScriptedAnswer]>([
    ['404', fault(404, 'UNSUPPORTED')],
    ['405', fault(405, 'UNSUPPORTED')],
    ['400', fault(400, 'UNSUPPORTED')],
    ['501', { status: 501 }],
  ])('is not there where the registry says %s', async (_status, answer) => {
    const { store } = await aWorld(() => answer);
    expect(await store.imageNames(anonymous, { max: 10 })).toBeUndefined();
  });

  it.each<[string, ScriptedAnswer, string]>([
    ['401', fault(401, 'UNAUTHORIZED'), 'UNAUTHORIZED'],
    ['403', fault(403, 'DENIED'), 'FORBIDDEN'],
    ['a page', { status: 200, body: '<html>' }, 'STORE_ANSWER_INVALID'],
    ['a link to itself', page(['a'], '<?n=10>; rel="next"'), 'STORE_ANSWER_INVALID'],
  ])('is refused with its reason: %s', async (_what, answer, code) => {
    const { store } = await aWorld(() => answer);
    await expect(store.imageNames(anonymous, { max: 10 })).rejects.toMatchObject({ code });
  });

  it('is asked for with a token for the catalogue', async () => {
    const { store, registry } = await aWorld(({ path, headers, query }) => {
      if (path === '/token') return json({ token: `for-${query.get('scope')}` });
      if (headers.authorization === 'Bearer for-registry:catalog:*') return page(['a']);
      const challenge = `Bearer realm="http://${headers.host}/token",service="r",scope="registry:catalog:*"`;
      return { ...fault(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': challenge } };
    });
    const user = { kind: 'basic', username: 'me', password: 'secret' } as const;
    expect((await store.imageNames(user, { max: 10 }))?.names).toEqual(['a']);
    expect(registry.seen.map(({ path }) => path)).toEqual(['/v2/_catalog', '/token', '/v2/_catalog']);
  });
});
