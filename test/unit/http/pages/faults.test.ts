import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { aListedPackage } from '../../repository/a-listed-package.ts';
import { aListedRepository } from '../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../an-edge.ts';

const html = { accept: 'text/html' };
const base = '/apk/team/app/edge/main';

describe('while the registry is away', () => {
  const away = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'the registry does not answer'));
  const edge = anEdge({
    ...{ images: away, authorize: away, repositories: away, keys: away, listIndex: away, list: away },
  });

  it.each(['/', '/_images/team/app', '/_search?q=a', base, `${base}?package=a`, `${base}?package=a&view=files`])(
    '%s says so, with the way to try again',
    async (path) => {
      const answer = await edge.request(path, { headers: html });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([503, 'no-store']);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(await answer.text()).toContain('Try again');
    },
  );

  it.each(['/_images', `${base}/packages.json`, '/_packages/team/app'])('%s is 503 for programs', async (path) => {
    expect((await edge.request(path)).status).toBe(503);
  });

  it('a login says that the password was not looked at, and keeps the name', async () => {
    const answer = await edge.request('/_auth/login', {
      method: 'POST',
      headers: { ...html, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'username=alice&password=secret',
    });
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(text).toContain('value="alice"');
    expect(text).not.toContain('secret');
  });
});

describe('what is not there', () => {
  const packages = [aListedPackage({ name: 'demo' })];
  const edge = anEdge({
    authorize: () => Promise.resolve(true),
    keys: () => Promise.resolve([]),
    repositories: (image) => Promise.resolve(image === 'team/app' ? [aListedRepository()] : []),
    listIndex: ({ image }) =>
      Promise.resolve(image === 'team/app' ? { etag: '"e"', packages: () => packages } : undefined),
  });

  it.each([
    ['an image', '/_images/team/ap', 'q=team%2Fap', 'href="/"'],
    ['a repository', '/apk/team/ap/edge/main', 'q=main', 'href="/_images/team/ap"'],
    ['a package', `${base}?package=dem`, 'q=dem', `href="${base}"`],
    ['a version', `${base}?package=demo&version=9-r0`, 'q=demo', `href="${base}"`],
    ['anything', '/a/b', 'q=', 'href="/"'],
  ])('%s is 404, with a search and the way back', async (_what, path, search, back) => {
    let answer = await edge.request(path, { headers: html });
    const location = answer.headers.get('location');
    if (location !== null) answer = await edge.request(location, { headers: html });
    expect(answer.status).toBe(404);
    const text = await answer.text();
    expect(text).toContain(`/_search?${search}`);
    expect(text).toContain(back);
  });
});

describe('a store that judges no logins', () => {
  const edge = anEdge(
    { images: () => Promise.resolve({ names: [], isComplete: true }) },
    { judgesCallers: false, readsForAnybody: true },
  );

  it('offers none, and shows pushes without', async () => {
    const text = await (await edge.request('/', { headers: html })).text();
    expect(text).not.toMatch(/Log in|logging in|-u USER|lkar login/);
    expect((await edge.request('/_auth/login', { headers: html })).status).toBe(404);
  });
});

describe('pages of much', () => {
  const text = (length: number) => '"&<'.repeat(length / 3);
  const name = (i: number) => `n${i}-${'x'.repeat(400)}`;
  const hostile = (i: number) =>
    aListedPackage({
      ...{ name: name(i), version: `1.${'2'.repeat(300)}-r${i}`, description: text(900), license: text(200) },
      ...{ origin: name(0), maintainer: text(100), depends: Array.from({ length: 300 }, (_, n) => name(n)) },
      ...{ provides: Array.from({ length: 300 }, (_, n) => `p${n}${'y'.repeat(200)}`), installIf: [name(1), name(2)] },
    });
  const packages = Array.from({ length: 300 }, (_, i) => hostile(i));
  const versions = Array.from({ length: 300 }, (_, i) =>
    aListedPackage({ name: 'often', version: `${i}.${'2'.repeat(300)}`, description: text(900) }),
  );
  const edge = anEdge({
    images: () => Promise.resolve({ names: ['team/app'], isComplete: true }),
    authorize: () => Promise.resolve(true),
    keys: () => Promise.resolve([aKey('k.rsa.pub')]),
    repositories: () =>
      Promise.resolve(Array.from({ length: 300 }, (_, i) => aListedRepository({ branch: `b${i}${'z'.repeat(60)}` }))),
    listIndex: () => Promise.resolve({ etag: '"e"', packages: () => [...packages, ...versions] }),
  });
  const of = `package=${name(5)}&version=1.${'2'.repeat(300)}-r5`;

  it.each(['', `?${of}`, `?${of}&view=depends`, `?${of}&view=required-by`, `?${of}&view=provides`, '?package=often'])(
    'stay below 512 KiB and show something: %s',
    async (query) => {
      const path = `/apk/team/app/b1${'z'.repeat(60)}/main${query}`;
      const answer = await edge.request(path, { headers: html });
      const page = await answer.text();
      expect(answer.status).toBe(200);
      expect(Buffer.byteLength(page)).toBeLessThan(512 * 1024);
      expect(page).toContain('<main');
    },
  );

  it('the search as well', async () => {
    const page = await (await edge.request('/_search?q=x', { headers: html })).text();
    expect(Buffer.byteLength(page)).toBeLessThan(512 * 1024);
    expect(page).toContain('<main');
  });
});
