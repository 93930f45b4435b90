import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../../src/errors.ts';
import type { Repositories } from '../../../../../src/repository/service/repositories.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../../an-edge.ts';

const html = { accept: 'text/html' };
const listing = (names: readonly string[], isComplete = true): Partial<Repositories> => ({
  images: () => Promise.resolve({ names, isComplete }),
  authorize: () => Promise.resolve(true),
  repositories: () => Promise.resolve([aListedRepository({ names: 12, packages: { size: 2048, count: 34 } })]),
});
const textOf = async (service: Partial<Repositories>, path: string, headers: Record<string, string> = html) =>
  (await anEdge(service).request(path, { headers })).text();

describe('the start page', () => {
  it('leads to every image', async () => {
    const text = await textOf(listing(['a', 'team/app']), '/');
    expect(text).toContain('2 images');
    for (const figure of ['12 packages', '34 versions', '2.0 KiB', 'pushed <time']) expect(text).toContain(figure);
    expect(text).toContain('href="/_images/team/app"');
  });

  it('pages through many, and finds some of them', async () => {
    const names = Array.from({ length: 250 }, (_, i) => `team/app-${i}`);
    expect(await textOf(listing(names), '/?page=9')).toContain('250 images, page 9 of 11');
    const found = await textOf(listing(names), '/?q=APP-24');
    expect(found).toContain('11 images for “APP-24”');
    expect(found).not.toContain('/_images/team/app-1"');
  });

  it('says where more may be: after a login, or by name', async () => {
    expect(await textOf(listing([]), '/')).toContain('after logging in');
    const known = { ...html, authorization: `Basic ${btoa('me:secret')}` };
    expect(await textOf(listing([]), '/', known)).not.toContain('after logging in');
    expect(await textOf(listing(['a'], false), '/')).toContain('There are more');
    expect(await textOf({ images: () => Promise.resolve(undefined) }, '/')).toContain('lists no images');
  });
});

describe('the list of images for programs', () => {
  it('comes in pages, and says whether it is whole', async () => {
    const edge = anEdge(listing(['a', 'b/a', 'c'], false));
    expect(await (await edge.request('/_images?q=A')).json()).toEqual({
      ...{ total: 2, page: 1, pages: 1, complete: false },
      images: [{ name: 'a' }, { name: 'b/a' }],
    });
    const unlisted = anEdge({ images: () => Promise.resolve(undefined) });
    expect(await (await unlisted.request('/_images')).json()).toMatchObject({ complete: false, images: [] });
  });

  it('is not there where one image is served', async () => {
    const edge = anEdge(listing(['team/app']), { singleImage: 'team/app' });
    const response = await edge.request('/_images');
    expect([response.status, await response.text()]).toEqual([404, expect.not.stringContaining('team/app')]);
  });
});

describe('a caller who may read but not list', () => {
  const edge = anEdge({
    authorize: () => Promise.resolve(true),
    repositories: () => Promise.reject(new GatewayError('FORBIDDEN', 'may not list')),
    keys: () => Promise.resolve([aKey('k.rsa.pub')]),
    listIndex: (_at, architecture) =>
      Promise.resolve(
        architecture === 'x86_64' ? { etag: '"e"', packages: () => [aListedPackage({ name: 'demo' })] } : undefined,
      ),
  });
  const page = async (path: string) => {
    const response = await edge.request(path, { headers: html });
    return { status: response.status, location: response.headers.get('location'), text: await response.text() };
  };

  it('opens a repository by its name', async () => {
    const image = await page('/_images/team/app');
    expect([image.status, image.text]).toEqual([200, expect.stringContaining('but not list what is in it')]);
    const opened = await page('/_images/team/app?branch=edge&repository=main');
    expect([opened.status, opened.location]).toEqual([303, '/apk/team/app/edge/main']);
    expect((await page('/_images/team/app?branch=..&repository=main')).status).toBe(400);
  });

  it('sees the packages of the index as it is stored, and other architectures by name', async () => {
    const repository = await page('/apk/team/app/edge/main');
    expect(repository.status).toBe(200);
    expect(repository.text).toContain('demo');
    expect(repository.text).toContain('not list its tags');
    expect((await page('/apk/team/app/edge/main?arch=aarch64')).status).toBe(404);
    expect((await edge.request('/apk/team/app/edge/main/packages.json')).status).toBe(200);
  });
});
