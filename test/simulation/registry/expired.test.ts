import { describe, expect, it } from 'vitest';
import { fault, json, type ScriptedAnswer } from '../../support/scripted-registry.ts';
import { aWorld, inTurn } from './world.ts';

const aws = { kind: 'basic', username: 'AWS', password: 'for twelve hours' } as const;
const basic = { 'www-authenticate': 'Basic realm="x"' };
const refused = { ...fault(401, 'UNAUTHORIZED'), headers: basic };
const good = json({ tags: ['a'] });

describe('credentials that were good before', () => {
  it('have expired where the answer is 401: log in again', async () => {
    const { image } = await aWorld(inTurn<ScriptedAnswer>(refused, good, refused));
    await image(aws).tags();
    await expect(image(aws).tags()).rejects.toMatchObject({ code: 'UNAUTHORIZED', details: { isExpired: true } });
  });

  it('may have lost a right where the answer is a bare 403: whether an image is there is not told by it', async () => {
    const { image } = await aWorld(inTurn<ScriptedAnswer>(refused, good, fault(403, 'DENIED', 'not authorized')));
    await image(aws).tags();
    await expect(image(aws).tags()).rejects.toMatchObject({ code: 'FORBIDDEN', details: { right: 'pull' } });
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
    await expect(pushed).rejects.not.toMatchObject({ details: { isExpired: true } });
  });
});
