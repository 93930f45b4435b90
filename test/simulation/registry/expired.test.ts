import { describe, expect, it } from 'vitest';
import { fault, json, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const aws = { kind: 'basic', username: 'AWS', password: 'for twelve hours' } as const;
const basic = { 'www-authenticate': 'Basic realm="x"' };
const refused = { ...fault(401, 'UNAUTHORIZED'), headers: basic };
const good = json({ tags: ['a'] });

describe('credentials that were good before', () => {
  const wantsUser = { ...fault(401, 'UNAUTHORIZED'), headers: basic };
  const bare = { status: 403 };
  const lapsed = /good for this before: log in again in case they have expired, else the right to p\w+ was withdrawn/;

  it.each([
    ['a 401', wantsUser, 'UNAUTHORIZED'],
    ['a bare 403', bare, 'FORBIDDEN'],
    ['a 403 without a reason', fault(403, 'DENIED', 'not authorized'), 'FORBIDDEN'],
  ])('may have expired or lost their right where the answer is %s, and both are told', async (_what, answer, code) => {
    const { image } = await aWorld(inTurn<ScriptedAnswer>(refused, good, answer));
    await image(aws).tags();
    await expect(image(aws).tags()).rejects.toMatchObject({
      ...{ code, details: { hasWorked: true, right: 'pull' } },
      told: expect.stringMatching(lapsed) as string,
    });
  });

  it('that pushed a minute ago and are refused now don’t "take the right to push"', async () => {
    const started = { status: 202, headers: { location: '/v2/a/b/blobs/uploads/1' } };
    const { image } = await aWorld(inTurn<ScriptedAnswer>(refused, started, bare));
    await image(aws).startUpload();
    await expect(image(aws).startUpload()).rejects.toMatchObject({ told: expect.stringMatching(lapsed) as string });
  });

  it('may have expired where the token service refuses them: it is told too', async () => {
    let isGood = true;
    const { image } = await aWorld(({ path, headers }) => {
      if (path === '/token') return isGood ? json({ token: 't', expires_in: 0 }) : fault(401, 'UNAUTHORIZED');
      const bearer = { 'www-authenticate': `Bearer realm="http://${headers.host ?? ''}/token",service="s"` };
      return headers.authorization === 'Bearer t' ? good : { ...fault(401, 'UNAUTHORIZED'), headers: bearer };
    });
    await image(aws).tags();
    isGood = false;
    await expect(image(aws).tags()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      told: expect.stringMatching(lapsed) as string,
    });
  });

  it.each([
    ['other credentials', { ...aws, password: 'other' }, 'a/b', 0],
    ['another image', aws, 'a/c', 0],
    ['the same a day later', aws, 'a/b', 24 * 60 * 60_000 + 1],
  ])('tell nothing of it to %s', async (_what, credentials, name, laterMs) => {
    const { image, store, pass } = await aWorld(inTurn<ScriptedAnswer>(refused, good, refused, bare));
    await image(aws).tags();
    pass(laterMs);
    await expect(store.image(name, credentials).tags()).rejects.not.toMatchObject({ details: { hasWorked: true } });
  });

  it('have expired where the registry says so, whenever it does', async () => {
    const text = 'Your authorization token has expired. Reauthenticate and try again.';
    const { image } = await aWorld(inTurn<ScriptedAnswer>(refused, fault(403, 'DENIED', text)));
    await expect(image(aws).startUpload()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      details: { isExpired: true },
    });
  });

  it('are not good for all: who could read lacks the right to push', async () => {
    const { image } = await aWorld(({ method, headers }) =>
      headers.authorization === undefined ? refused : method === 'GET' ? good : fault(403, 'DENIED'),
    );
    await image(aws).tags();
    const pushed = image(aws).startUpload();
    await expect(pushed).rejects.toMatchObject({ code: 'FORBIDDEN', details: { right: 'push' } });
    await expect(pushed).rejects.not.toMatchObject({ details: { hasWorked: true } });
  });
});
