import { describe, expect, it } from 'vitest';
import type { ListedPackage } from '../../../../../src/repository/service/catalog.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../../an-edge.ts';

/** An image of these indexes by `branch/repository/architecture`. */
function anImage(indexes: Readonly<Record<string, readonly ListedPackage[]>>) {
  const architecturesBy = new Map<string, string[]>();
  for (const place of Object.keys(indexes)) {
    const [branch = '', repository = '', architecture = ''] = place.split('/');
    const key = `${branch}/${repository}`;
    architecturesBy.set(key, [...(architecturesBy.get(key) ?? []), architecture]);
  }
  const repositories = [...architecturesBy].map(([key, architectures]) => {
    const [branch = '', repository = ''] = key.split('/');
    return aListedRepository({ branch, repository, architectures });
  });
  const edge = anEdge({
    authorize: () => Promise.resolve(true),
    keys: () => Promise.resolve([aKey('k.rsa.pub')]),
    repositories: () => Promise.resolve(repositories),
    listIndex: ({ branch, repository }, architecture) => {
      const packages = indexes[`${branch}/${repository}/${architecture}`];
      return Promise.resolve(packages && { etag: '"e"', packages: () => packages });
    },
  });
  return async (place: string, query: string) => {
    const answer = await edge.request(`/apk/team/app/${place}?${query}`, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(200);
    return (await answer.text()).replaceAll(/<!--.*?-->/g, '').replaceAll('&amp;', '&');
  };
}

/** The section under a heading, as text with its links' targets. */
function sectionOf(page: string, id: string): string {
  return new RegExp(`<section[^>]*aria-labelledby="${id}">(.*?)</section>`, 's').exec(page)?.[1] ?? '';
}

const lib = aListedPackage({ name: 'lib', version: '2-r0', origin: 'app', provides: ['so:lib.so.2=2'] });
const app = aListedPackage({ name: 'app', version: '1-r0', depends: ['so:lib.so.2', 'extra', 'nowhere'] });
const page = anImage({
  'edge/main/x86_64': [app, aListedPackage({ name: 'lib', version: '1-r0' }), lib],
  'edge/main/aarch64': [aListedPackage({ name: 'lib', version: '2-r0', architecture: 'aarch64' })],
  'edge/more/x86_64': [aListedPackage({ name: 'extra' }), aListedPackage({ name: 'user', depends: ['lib'] })],
  'v1/main/x86_64': [
    aListedPackage({ name: 'lib', version: '0.9-r0' }),
    aListedPackage({ name: 'old', depends: ['lib'] }),
  ],
});

describe('the page of a package', () => {
  it('names what provides a dependency, here, in another repository, or nowhere', async () => {
    const depends = sectionOf(await page('edge/main', 'package=app'), 'depends');
    expect(depends).toContain('href="/apk/team/app/edge/main?arch=x86_64&package=lib&version=2-r0"');
    expect(depends).toContain('href="/apk/team/app/edge/more?arch=x86_64&package=extra&version=1.0-r0"');
    expect(depends).toContain('in edge/more');
    expect(depends.match(/not in this image/g)).toHaveLength(1);
  });

  it('names what requires it in its branch, and in no other', async () => {
    const required = sectionOf(await page('edge/main', 'package=lib'), 'required-by');
    expect(required).toContain('>app</a>');
    expect(required).toContain('>user</a>');
    expect(required).not.toContain('>old</a>');
  });

  it('leads to itself on other architectures and in other branches', async () => {
    const elsewhere = sectionOf(await page('edge/main', 'package=lib'), 'elsewhere');
    expect(elsewhere).toContain('href="/apk/team/app/edge/main?arch=aarch64&package=lib&version=2-r0"');
    expect(elsewhere).toContain('href="/apk/team/app/v1/main?arch=x86_64&package=lib&version=0.9-r0"');
  });

  it('leads to its source package, and that to what was built with it', async () => {
    const source = '/apk/team/app/edge/main?arch=x86_64&package=app&version=1-r0';
    expect(await page('edge/main', 'package=lib')).toContain(`<dd><a href="${source}">app</a></dd>`);
    expect(sectionOf(await page('edge/main', 'package=app'), 'source')).toContain('>lib</a>');
  });

  it('tells what a v3 package replaces', async () => {
    const identity = `Q2${'A'.repeat(43)}=`;
    const replacing = { ...aListedPackage({ name: 'new', identity }).entry, replaces: ['old-one'] };
    const v3 = anImage({ 'edge/main/x86_64': [aListedPackage(replacing)] });
    expect(sectionOf(await v3('edge/main', 'package=new'), 'replaces')).toContain('old-one');
  });
});
