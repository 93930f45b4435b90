import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { createPackageCatalogs } from '../../../../src/repository/catalog/package-catalogs.ts';
import { createWideSearch } from '../../../../src/repository/catalog/wide-search.ts';
import type { Caller } from '../../../../src/repository/service/caller.ts';
import type { ListedPackage } from '../../../../src/repository/service/catalog.ts';
import { aService } from '../../http/an-edge.ts';
import { aListedPackage } from '../a-listed-package.ts';
import { aListedRepository } from '../a-listed-repository.ts';

const caller: Caller = { credentials: { kind: 'anonymous' } };

/** A store of images by name, each with packages by `branch/repository/architecture`. */
function aSearch(images: Readonly<Record<string, Readonly<Record<string, readonly ListedPackage[]>>>>, refused = '') {
  const isRefused = (image: string) => image === refused;
  const refuse = () => Promise.reject(new GatewayError('FORBIDDEN', 'not yours'));
  const repositories = aService({
    images: () => Promise.resolve({ names: Object.keys(images), isComplete: true }),
    authorize: (image) => (isRefused(image) ? refuse() : Promise.resolve(true)),
    repositories: (image) =>
      isRefused(image) ? refuse() : Promise.resolve(Object.keys(images[image] ?? {}).map(repositoryOf)),
    listIndex: ({ image, branch, repository }, architecture) => {
      const packages = images[image]?.[`${branch}/${repository}/${architecture}`];
      return Promise.resolve(packages && { etag: '"e"', packages: () => packages });
    },
  });
  const catalogs = createPackageCatalogs({ repositories, now: () => 0 });
  const search = createWideSearch({ repositories, catalogs });
  return async (query: string, options = {}) => {
    const found = await search(query, caller, options);
    return {
      ...found,
      repositories: found.repositories.map(({ image, repository: one }) => `${image}/${one.branch}/${one.repository}`),
      packages: found.packages.map(({ place, pkg }) => `${place.image}/${place.branch} ${pkg.entry.name}`),
    };
  };
}

function repositoryOf(place: string) {
  const [branch = '', repository = '', architecture = ''] = place.split('/');
  return aListedRepository({ branch, repository, architectures: [architecture] });
}

describe('a search over everything', () => {
  const search = aSearch({
    'team/app': {
      'edge/main/x86_64': [aListedPackage({ name: 'nginx-mod' }), aListedPackage({ name: 'other' })],
      'v1/main/aarch64': [aListedPackage({ name: 'other', provides: ['cmd:nginx=1'] })],
    },
    'web/nginx': { 'edge/main/x86_64': [aListedPackage({ name: 'nginx' }), aListedPackage({ name: 'zlib' })] },
  });

  it('finds packages in every image and branch, the best fitting first', async () => {
    expect(await search('NGINX')).toEqual({
      images: ['web/nginx'],
      repositories: ['web/nginx/edge/main'],
      packages: ['web/nginx/edge nginx', 'team/app/edge nginx-mod', 'team/app/v1 other'],
      isComplete: true,
    });
  });

  it.each([
    ['a branch', 'v1 other', ['team/app/v1 other']],
    ['an architecture', 'x86_64 other', ['team/app/edge other']],
    ['an image', 'web/nginx zlib', ['web/nginx/edge zlib']],
    ['a repository', 'edge/main zlib', ['web/nginx/edge zlib']],
  ])('takes a word for %s', async (_what, query, packages) => {
    expect((await search(query)).packages).toEqual(packages);
  });

  it('looks at one image alone where there is no other', async () => {
    const found = await search('nginx', { only: 'team/app' });
    expect([found.images, found.packages]).toEqual([[], ['team/app/edge nginx-mod', 'team/app/v1 other']]);
  });

  it('finds nothing of an image that the caller may not read, and calls that complete', async () => {
    const images = { secret: { 'edge/main/x86_64': [aListedPackage({ name: 'nginx' })] } };
    const found = await aSearch(images, 'secret')('nginx');
    expect(found).toEqual({ images: [], repositories: [], packages: [], isComplete: true });
  });

  it('says so where it found more than it tells', async () => {
    const many = Array.from({ length: 500 }, (_, i) => aListedPackage({ name: `lib-${i}` }));
    const found = await aSearch({ big: { 'edge/main/x86_64': many } })('lib');
    expect([found.packages.length, found.isComplete]).toEqual([200, false]);
  });

  it('opens a bounded number of indexes', async () => {
    const names = Array.from({ length: 600 }, (_, i) => [
      `i${i}`,
      { 'edge/main/x86_64': [aListedPackage({ name: 'a' })] },
    ]);
    const found = await aSearch(Object.fromEntries(names) as Record<string, Record<string, ListedPackage[]>>)('a');
    expect([found.packages.length, found.isComplete]).toEqual([200, false]);
  });
});
