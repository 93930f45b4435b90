import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { createSessions } from '../../../../src/http/pages/frame/session-cookie.ts';
import type { Caller } from '../../../../src/repository/service/caller.ts';
import { anEdge } from '../an-edge.ts';

const html = { accept: 'text/html' };
const form = { ...html, 'content-type': 'application/x-www-form-urlencoded' };
const site = { isSecure: true, prefix: '/apks' };

function anEdgeFor(password: string) {
  const callers: Caller[] = [];
  const edge = anEdge({
    authorize(_image, caller) {
      const { credentials } = caller;
      if (credentials.kind === 'basic' && credentials.password === password) return Promise.resolve(true);
      return Promise.reject(new GatewayError('UNAUTHORIZED', 'no'));
    },
    repositories(_image, caller) {
      callers.push(caller);
      return Promise.resolve([]);
    },
    keys: () => Promise.resolve([]),
  });
  const logIn = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    edge.request('/_auth/login', {
      method: 'POST',
      headers: { ...form, ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  return { edge, callers, logIn };
}

describe('the login form', () => {
  it('sets a cookie by which pages know the caller, until the logout', async () => {
    const { edge, callers, logIn } = anEdgeFor('secret');
    const answer = await logIn({ username: 'alice', password: 'secret', next: '/_images/team/app' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/_images/team/app');
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain('secret');
    const page = await edge.request('/_images/team/app', { headers: { ...html, cookie: cookie.split(';')[0]! } });
    expect(await page.text()).toContain('Log out');
    expect(callers[0]?.credentials).toEqual({ kind: 'basic', username: 'alice', password: 'secret' });
    const out = await edge.request('/_auth/logout', { method: 'POST', headers: html });
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('refuses a wrong password without a prompt', async () => {
    const answer = await anEdgeFor('secret').logIn({ username: 'alice', password: 'guess' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/a\nb'])('never leads to %j', async (next) => {
    const answer = await anEdgeFor('secret').logIn({ username: 'alice', password: 'secret', next });
    expect(answer.headers.get('location')).toBe('/');
  });

  it("refuses another site's page", async () => {
    const fields = { username: 'alice', password: 'secret' };
    const answer = await anEdgeFor('secret').logIn(fields, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    ['of 1 KB is kept', 1024, 303],
    ['that fills a cookie is kept', 2800, 303],
    ['of 3 KB, as ECR gives them, is refused with another way to log in', 3072, 403],
    ['of 12 KB as well', 12_288, 403],
  ])('a token %s', async (_what, length, status) => {
    const password = 'x'.repeat(length);
    const answer = await anEdgeFor(password).logIn({ username: 'oauth2accesstoken', password });
    expect(answer.status).toBe(status);
    const cookie = answer.headers.get('set-cookie');
    // RFC 6265: a browser need not keep more than 4096 bytes, and drops what is longer without a word.
    if (status === 303) expect(Buffer.byteLength(cookie ?? '')).toBeLessThanOrEqual(4096);
    else {
      expect(cookie).toBeNull();
      expect(await answer.text()).toMatch(/too long for a cookie.*browser’s prompt/s);
    }
  });

  it('a form larger than any login is refused before it is read', async () => {
    const answer = await anEdgeFor('x').logIn({ username: 'a', password: 'x'.repeat(20_000) });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([400, null]);
  });

  it('stays apart from what lkar asks', async () => {
    const { edge } = anEdgeFor('secret');
    const authorization = `Basic ${btoa('alice:secret')}`;
    expect(await (await edge.request('/_auth/login', { headers: { authorization } })).text()).toBe('logged in\n');
    expect((await edge.request('/_auth/login')).status).toBe(401);
  });
});

describe('a session', () => {
  it('is read by every replica with the key, and by no other', async () => {
    const key = new Uint8Array(32).fill(7);
    const cookie = await createSessions(key).begin({ username: 'a', password: 'b' }, site);
    const sent = cookie!.split(';')[0]!;
    expect(cookie).toMatch(/; Secure(;|$)/);
    expect(cookie).toContain('Path=/apks/;');
    expect(await createSessions(key).caller(`x=y; ${sent}`)).toMatchObject({ name: 'a' });
    expect(await createSessions(undefined).caller(sent)).toBeUndefined();
    expect(await createSessions(key).caller(`${sent}x`)).toBeUndefined();
  });

  it('takes no password that browsers could not keep', async () => {
    const login = { username: 'a', password: 'x'.repeat(3500) };
    expect(await createSessions(undefined).begin(login, site)).toBeUndefined();
  });
});
