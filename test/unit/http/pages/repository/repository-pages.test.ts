import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../../src/errors.ts';
import type { HttpOptions } from '../../../../../src/http/options.ts';
import type { ListedPackage } from '../../../../../src/repository/service/catalog.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { anEdge, aFoundPackage, aKey } from '../../an-edge.ts';

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const base = '/apk/team/app/edge/main';

function anEdgeWith(packages: readonly ListedPackage[], options: HttpOptions = {}) {
  const key = aKey('k.rsa.pub');
  return anEdge(
    {
      authorize: () => Promise.resolve(true),
      keys: () => Promise.resolve([key]),
      listIndex: () => Promise.resolve({ etag: '"e"', packages: () => packages }),
      findPackage: () => Promise.resolve(aFoundPackage('no package at all')),
      repositories: () => Promise.resolve([aListedRepository()]),
    },
    options,
  );
}

const hostile = aListedPackage({
  ...{ name: 'evil', description: '<script>alert(1)</script>', license: '"><img src=x>', url: 'javascript:alert(1)' },
  maintainer: '<b onmouseover=alert(1)>',
});

describe('a repository in a browser', () => {
  it('lists its packages, for browsers only', async () => {
    const edge = anEdgeWith([aListedPackage({ name: 'demo' })]);
    const page = await edge.request(base, { headers: html });
    expect(page.status).toBe(200);
    expect(page.headers.get('vary')).toContain('Accept');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(await page.text()).toContain(`href="${base}?arch=x86_64&amp;package=demo&amp;version=1.0-r0"`);
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json, text/html;q=0.5' }]) {
      expect((await edge.request(base, { headers })).status).toBe(404);
    }
  });

  it('shows hostile fields as text', async () => {
    const edge = anEdgeWith([hostile]);
    for (const path of [base, `${base}?package=evil`, `${base}?q=%22%3E%3Cscript%3E`, `${base}?arch=%3Cscript%3E`]) {
      const text = await (await edge.request(path, { headers: html })).text();
      expect(text).not.toMatch(/<script>|<img src=x|<b |href="javascript:/);
    }
    expect(await (await edge.request(`${base}/feed.atom`)).text()).not.toContain('<script>');
  });

  it.each([
    ['valid', 'good, by a.rsa.pub'],
    ['unknown', 'by a.rsa.pub, which is no key known here'],
    ['invalid', 'not by a.rsa.pub, although it says so'],
    ['none', 'none of its own'],
    ['unchecked', 'by a.rsa.pub, not checked'],
  ] as const)('says what was found out of a signature: %s', async (verdict, text) => {
    const signature = { verdict, keyNames: ['a.rsa.pub'] };
    const edge = anEdgeWith([aListedPackage({ name: 'demo' }, { signature })]);
    expect(await (await edge.request(`${base}?package=demo`, { headers: html })).text()).toContain(text);
  });

  it('warns of a name that apko takes for Alpine itself', async () => {
    const text = async (path: string) =>
      (await anEdgeWith([aListedPackage({ name: 'demo' })]).request(path, { headers: html })).text();
    expect(await text('/apk/team/alpine/edge/main')).toContain('alpinelinux.org');
    expect(await text(base)).not.toContain('alpinelinux.org');
  });

  it('pages through what a search found', async () => {
    const edge = anEdgeWith(Array.from({ length: 120 }, (_, i) => aListedPackage({ name: `p${i}` })));
    const text = await (await edge.request(`${base}?q=p&page=9`, { headers: html })).text();
    expect(text).toContain('120 packages for “p”, page 3 of 3');
    const listing = await edge.request(`${base}/packages.json?page=2`);
    expect(await listing.json()).toMatchObject({ architecture: 'x86_64', total: 120, page: 2, pages: 2 });
  });

  it('never names the only image', async () => {
    const options = { singleImage: 'team/app' };
    const headers = { ...html, authorization: `Basic ${btoa('me:secret')}` };
    const ofPackage = '/apk/edge/main?package=evil';
    const paths = ['/', '/_search?q=evil', '/_search?q=evil&near=team/other', '/apk/edge/main', '/apk/edge/none'];
    for (const path of [...paths, ofPackage, `${ofPackage}&view=depends`, `${ofPackage}&view=delete`, '/none']) {
      const text = await (await anEdgeWith([hostile], options).request(path, { headers })).text();
      expect([path, text]).toEqual([path, expect.not.stringContaining('team/app')]);
    }
  });

  it('says that a package is not there', async () => {
    const page = await anEdgeWith([]).request(`${base}?package=none`, { headers: html });
    expect(page.status).toBe(404);
    expect(await page.text()).toContain('There is no package none here.');
  });

  it('is not there with --disable-ui', async () => {
    const edge = anEdgeWith([], { isUiEnabled: false });
    for (const path of [base, '/', '/_images/team/app', `${base}/feed.atom`]) {
      expect((await edge.request(path, { headers: html })).status).toBe(404);
    }
    expect((await edge.request(`${base}/packages.json`)).status).toBe(200);
  });
});

describe('a private repository in a browser', () => {
  const refusing = () => Promise.reject(new GatewayError('UNAUTHORIZED', 'who are you'));
  const edge = anEdge({ repositories: refusing, authorize: refusing, listIndex: refusing });

  it('leads to the login and back', async () => {
    const page = await edge.request(`${base}?q=a`, { headers: html });
    expect(page.status).toBe(303);
    expect(page.headers.get('location')).toBe(`/_auth/login?next=${encodeURIComponent(`${base}?q=a`)}`);
  });

  it('asks again whoever sent bad credentials', async () => {
    const page = await edge.request(base, { headers: { ...html, authorization: `Basic ${btoa('a:b')}` } });
    expect(page.status).toBe(401);
    expect(page.headers.get('www-authenticate')).toContain('Basic');
  });
});
