import { describe, expect, it, onTestFinished } from 'vitest';
import {
  fault,
  json,
  startScriptedRegistry,
  type ScriptedAnswer,
  type SeenRequest,
} from '../../support/scripted-registry.ts';
import type { RegistryCredentials } from '../../../src/store/registry/login/registry-credentials.ts';
import { aWorld } from './world.ts';

const alice = { kind: 'basic', username: 'alice', password: 'p:w' } as const;
const aliceBasic = `Basic ${Buffer.from('alice:p:w').toString('base64')}`;
const noTags = json({ name: 'a/b', tags: [] });

interface Dance {
  readonly challenge?: (request: SeenRequest) => string | string[];
  /** Whether the registry takes this Authorization for this request. */
  readonly takes?: (authorization: string, request: SeenRequest) => boolean;
  readonly token?: (request: SeenRequest, count: number) => ScriptedAnswer;
  readonly answer?: (request: SeenRequest) => ScriptedAnswer;
}

/** A registry with a token service at /token of the same server. */
function dancing(dance: Dance) {
  let tokens = 0;
  return (request: SeenRequest): ScriptedAnswer => {
    const { host = '', authorization } = request.headers;
    if (request.path === '/token') {
      tokens += 1;
      return dance.token?.(request, tokens) ?? json({ token: `t${tokens}`, expires_in: 300 });
    }
    const isTaken = authorization !== undefined && (dance.takes?.(authorization, request) ?? true);
    if (isTaken) return dance.answer?.(request) ?? noTags;
    const usual = `Bearer realm="http://${host}/token",service="s",scope="repository:a/b:pull"`;
    return { ...fault(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': dance.challenge?.(request) ?? usual } };
  };
}

const tokenRequests = (seen: readonly SeenRequest[]) => seen.filter(({ path }) => path === '/token');

describe('a registry with a token service', () => {
  it('is asked with a token of the scope that the call needs, fetched once for many calls', async () => {
    const { registry, image } = await aWorld(dancing({}));
    await image(alice).tags();
    await image(alice).tags();
    const [token, ...others] = tokenRequests(registry.seen);
    expect(others).toEqual([]);
    expect(token?.headers.authorization).toBe(aliceBasic);
    expect(token?.query.get('scope')).toBe('repository:a/b:pull');
    expect(token?.query.get('service')).toBe('s');
    expect(registry.seen.at(-1)?.headers.authorization).toBe('Bearer t1');
  });

  it('hears the id of the request that a token is for', async () => {
    const { registry, store } = await aWorld(dancing({}));
    await store.image('a/b', alice, 'request-7').tags();
    expect(registry.seen.map(({ path, headers }) => [path, headers['x-request-id']])).toEqual([
      ['/v2/a/b/tags/list', 'request-7'],
      ['/token', 'request-7'],
      ['/v2/a/b/tags/list', 'request-7'],
    ]);
  });

  it('gives its anonymous callers a token too', async () => {
    const { registry, image } = await aWorld(dancing({}));
    await image().tags();
    expect(tokenRequests(registry.seen)[0]?.headers.authorization).toBeUndefined();
  });

  it('is asked for one token by many calls at once', async () => {
    const { registry, image } = await aWorld(dancing({}));
    await image(alice).tags();
    await Promise.all(
      Array.from({ length: 10 }, () =>
        image(alice)
          .resolve('x')
          .catch(() => undefined),
      ),
    );
    await Promise.all(
      Array.from({ length: 10 }, () =>
        image(alice)
          .pushBlob(Buffer.from('x'))
          .catch(() => undefined),
      ),
    );
    expect(tokenRequests(registry.seen).map(({ query }) => query.get('scope'))).toEqual([
      'repository:a/b:pull',
      'repository:a/b:pull,push',
    ]);
  });

  it('never sees one caller with the token of another', async () => {
    const { registry, image } = await aWorld(dancing({}));
    await image(alice).tags();
    await image({ ...alice, password: 'other' }).tags();
    await image().tags();
    expect(tokenRequests(registry.seen)).toHaveLength(3);
  });

  it.each([
    ['where it names a lifetime', { token: 't', expires_in: 300 }, 240_000, 31_000],
    ['where it names none', { access_token: 't' }, 50_000, 10_000],
  ])('is asked for a new token when the old one expires, %s', async (_name, answer, stillGoodMs, thenMs) => {
    const { registry, image, pass } = await aWorld(dancing({ token: () => json(answer) }));
    await image(alice).tags();
    pass(stillGoodMs);
    await image(alice).tags();
    expect(tokenRequests(registry.seen)).toHaveLength(1);
    pass(thenMs);
    await image(alice).tags();
    expect(tokenRequests(registry.seen)).toHaveLength(2);
  });

  it('is asked for a new token when it takes the cached one no more', async () => {
    let good = 'Bearer t1';
    const { image } = await aWorld(dancing({ takes: (authorization) => authorization === good }));
    await image(alice).tags();
    good = 'Bearer t2';
    expect(await image(alice).tags()).toEqual([]);
  });

  it('is asked once more with a wider scope when it says what is missing', async () => {
    const { registry, image } = await aWorld(
      dancing({
        takes: (authorization) => authorization === 'Bearer t2',
        challenge: ({ headers: { host = '', authorization } }) =>
          `Bearer realm="http://${host}/token",scope="repository:a/b:pull repository:base:pull"` +
          (authorization === undefined ? '' : ',error="insufficient_scope"'),
      }),
    );
    expect(await image(alice).tags()).toEqual([]);
    expect(tokenRequests(registry.seen).map(({ query }) => query.getAll('scope').join(' '))).toEqual([
      'repository:a/b:pull',
      'repository:a/b:pull repository:base:pull',
    ]);
  });

  it('forbids what its token does not reach', async () => {
    const { registry, image } = await aWorld(
      dancing({
        takes: () => false,
        challenge: ({ headers: { host = '' } }) =>
          `Bearer realm="http://${host}/token",error="insufficient_scope",scope="repository:a/b:pull,push"`,
      }),
    );
    await expect(image(alice).startUpload()).rejects.toMatchObject({ code: 'FORBIDDEN', details: { right: 'push' } });
    expect(registry.seen.length).toBeLessThan(6);
    await expect(image().startUpload()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('ends a dance that would never end', async () => {
    let count = 0;
    const { registry, image } = await aWorld(
      dancing({
        takes: () => false,
        challenge: ({ headers: { host = '' } }) =>
          `Bearer realm="http://${host}/token",error="insufficient_scope",scope="more:${count++}:pull"`,
      }),
    );
    await expect(image(alice).tags()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(registry.seen.length).toBeLessThan(10);
  });

  it.each([
    ['wrong credentials', 401, alice, 'UNAUTHORIZED'],
    ['credentials that may not', 403, alice, 'FORBIDDEN'],
    ['anonymous callers', 403, { kind: 'anonymous' } as const, 'UNAUTHORIZED'],
  ])('refuses %s', async (_name, status, credentials, code) => {
    const { image } = await aWorld(dancing({ token: () => ({ status, body: 'no' }) }));
    await expect(image(credentials).tags()).rejects.toMatchObject({ code });
  });

  it.each([
    ['HTML', { status: 200, body: '<html>log in</html>' }],
    ['no token', json({ expires_in: 60 })],
    ['a token with a line end', json({ token: 'a\r\nx-evil: 1' })],
  ])('answers with %s, which is its fault', async (_name, answer) => {
    const { image } = await aWorld(dancing({ token: () => answer }));
    await expect(image(alice).tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
  });

  it.each([
    ['an empty token beside the other', { token: '', access_token: 'good' }],
    ['the other way round', { token: 'good', access_token: '' }],
  ])('may answer with %s', async (_name, answer) => {
    const { registry, image } = await aWorld(dancing({ token: () => json(answer) }));
    await image(alice).tags();
    expect(registry.seen.at(-1)?.headers.authorization).toBe('Bearer good');
  });

  it('may redirect within its host, and nowhere else', async () => {
    const elsewhere = await startScriptedRegistry(() => json({ token: 'evil' }));
    onTestFinished(() => elsewhere.stop());
    const to = (location: string) => ({ status: 307, headers: { location } });
    const within = await aWorld(
      dancing({ token: ({ query }) => (query.has('v2') ? json({ token: 'good' }) : to('?v2')) }),
    );
    await within.image(alice).tags();
    expect(tokenRequests(within.registry.seen).map(({ headers }) => headers.authorization)).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(/^Basic /) as string),
    );
    const away = await aWorld(dancing({ token: () => to(`http://localhost:${elsewhere.host.split(':')[1]}/`) }));
    await expect(away.image(alice).tags()).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' });
    expect(elsewhere.seen).toEqual([]);
  });

  it('is asked for everything where it knows no right to delete', async () => {
    const { registry, image } = await aWorld(
      dancing({
        token: ({ query }) =>
          query.get('scope')?.includes('delete') === true ? fault(400, 'x') : json({ token: 't', expires_in: 60 }),
        answer: () => ({ status: 202 }),
      }),
    );
    await image(alice).deleteTag('x');
    expect(tokenRequests(registry.seen).map(({ query }) => query.get('scope'))).toEqual([
      'repository:a/b:pull,push,delete',
      'repository:a/b:*',
    ]);
  });
});

describe('an identity token', () => {
  const identity: RegistryCredentials = { kind: 'identity', username: '<token>', token: 'refresh me' };
  const deps = { gatewayCredentials: { find: () => Promise.resolve(identity) } };
  const gateway = { kind: 'gateway' } as const;

  it('is exchanged by POST, and never sent in a URL or to the registry', async () => {
    const { registry, image } = await aWorld(dancing({}), { deps });
    await image(gateway).tags();
    const [post] = tokenRequests(registry.seen);
    expect(post?.method).toBe('POST');
    const form = Object.fromEntries(new URLSearchParams(post?.body.toString()));
    expect(form).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'refresh me', service: 's' });
    expect(JSON.stringify(registry.seen.filter((one) => one !== post).map(({ headers }) => headers))).not.toContain(
      'refresh',
    );
    expect(registry.log().join()).not.toContain('refresh');
  });

  it.each([404, 405])('is shown by GET to a service that answers %i to a POST', async (status) => {
    const { registry, image } = await aWorld(
      dancing({ token: ({ method }) => (method === 'POST' ? { status } : json({ token: 't' })) }),
      { deps },
    );
    await image(gateway).tags();
    expect(tokenRequests(registry.seen).map(({ method }) => method)).toEqual(['POST', 'GET']);
  });
});

describe('a registry with Basic', () => {
  const takes = (authorization: string) => authorization === aliceBasic;

  it.each([
    ['alone', ['Basic realm="r"']],
    ['after a scheme of its own', ['Negotiate', 'Basic realm="r"']],
    ['by a Bearer whose realm is no URL', ['Bearer realm="Artifactory Realm"']],
  ])('is shown name and password, %s', async (_name, challenge) => {
    const { registry, image } = await aWorld(dancing({ takes, challenge: () => challenge }));
    await image(alice).tags();
    await image(alice).tags();
    expect(registry.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, aliceBasic, aliceBasic]);
  });

  it('beside Bearer in one header is asked by Bearer', async () => {
    const { registry, image } = await aWorld(
      dancing({
        takes: (authorization) => authorization.startsWith('Bearer'),
        challenge: ({ headers: { host = '' } }) => `Basic realm="r", Bearer realm="http://${host}/token",service="s"`,
      }),
    );
    await image(alice).tags();
    expect(tokenRequests(registry.seen)).toHaveLength(1);
  });

  it('refuses wrong credentials after one try, and anonymous callers at once', async () => {
    const { registry, image } = await aWorld(dancing({ takes, challenge: () => 'Basic realm="r"' }));
    await expect(image({ ...alice, password: 'x' }).tags()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(registry.seen).toHaveLength(2);
    await expect(image().tags()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(registry.seen).toHaveLength(3);
  });

  it('is pinged for its challenge where a refusal has none', async () => {
    const { registry, image } = await aWorld((request) => {
      if (request.headers.authorization === aliceBasic) return noTags;
      const challenge = request.path === '/v2/' ? { 'www-authenticate': 'Basic realm="r"' } : {};
      return { status: 401, headers: challenge };
    });
    await image(alice).tags();
    expect(registry.log()[1]).toBe('GET /v2/');
  });
});

describe('whether a registry asks anybody who they are', () => {
  const isAlice = (authorization: string | undefined) => authorization === aliceBasic;

  it('is known once it did', async () => {
    const { store, image } = await aWorld(dancing({ takes: isAlice, challenge: () => 'Basic realm="r"' }));
    expect(store.hasAskedWho?.()).toBe(false);
    await image(alice).tags();
    expect(store.hasAskedWho?.()).toBe(true);
  });

  it('is known from a ping too', async () => {
    const { store } = await aWorld(dancing({ takes: isAlice, challenge: () => 'Basic realm="r"' }));
    await store.ping();
    expect(store.hasAskedWho?.()).toBe(true);
  });

  it('is never said of one that takes anything', async () => {
    const { store, image } = await aWorld(() => noTags);
    await image(alice).tags();
    await store.ping();
    expect(store.hasAskedWho?.()).toBe(false);
  });
});

describe("a caller's own Bearer token", () => {
  it('is handed on as it is, from the first request on', async () => {
    const { registry, image } = await aWorld(dancing({ takes: (authorization) => authorization === 'Bearer mine' }));
    await image({ kind: 'bearer', token: 'mine' }).tags();
    expect(registry.seen).toHaveLength(1);
    await expect(image({ kind: 'bearer', token: 'other' }).tags()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(tokenRequests(registry.seen)).toEqual([]);
  });
});

describe('a right that is missing', () => {
  it.each([
    ['pull', 403, 'DENIED'],
    ['push', 403, 'DENIED'],
    ['delete', 401, 'PROTECTED_MANIFEST'],
  ] as const)('is named: %s', async (right, status, code) => {
    const { image } = await aWorld((request) => {
      if (request.headers.authorization === aliceBasic) return fault(status, code);
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } };
    });
    const calls = {
      pull: () => image(alice).tags(),
      push: () => image(alice).startUpload(),
      delete: () => image(alice).deleteTag('x'),
    };
    await expect(calls[right]()).rejects.toMatchObject({ code: 'FORBIDDEN', details: { right } });
  });
});
