import { describe, expect, it } from 'vitest';
import { createPackageCatalog } from '../../../../src/repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../../src/repository/service/catalog.ts';
import { aListedPackage } from '../a-listed-package.ts';

function catalogOf(packages: readonly ListedPackage[]) {
  return createPackageCatalog({ etag: '"e"', packages: () => packages });
}

function names(packages: readonly ListedPackage[]): readonly string[] {
  return packages.map(({ entry }) => entry.name);
}

describe('a search', () => {
  const catalog = catalogOf([
    aListedPackage({ name: 'curl', version: '1.0-r0' }),
    aListedPackage({ name: 'curl', version: '2.0-r0' }),
    aListedPackage({ name: 'curl-doc', description: 'manual pages' }),
    aListedPackage({ name: 'libcurl' }),
    aListedPackage({ name: 'wget', description: 'like CURL, smaller', provides: ['cmd:wget=1'] }),
  ]);

  it('lists the newest version of each name, the best match first', () => {
    expect(names(catalog.search('curl'))).toEqual(['curl', 'curl-doc', 'libcurl', 'wget']);
    expect(catalog.search('curl')[0]?.entry.version).toBe('2.0-r0');
  });

  it('wants every word, in any case and any place', () => {
    expect(names(catalog.search('PAGES curl'))).toEqual(['curl-doc']);
    expect(names(catalog.search('cmd:wget'))).toEqual(['wget']);
    expect(names(catalog.search('nothing like it'))).toEqual([]);
  });

  it('without words lists all by name', () => {
    expect(names(catalog.search('  '))).toEqual(['curl', 'curl-doc', 'libcurl', 'wget']);
  });

  it('over 20,000 packages takes no time that a typist would notice', () => {
    const many = catalogOf(Array.from({ length: 20_000 }, (_, i) => aListedPackage({ name: `package-${i}` })));
    many.search('warm');
    const began = performance.now();
    expect(many.search('package-1999')).toHaveLength(11);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe('dependencies', () => {
  const old = aListedPackage({ name: 'lib', version: '1.0-r0', provides: ['so:lib.so.1=1'] });
  const lib = aListedPackage({ name: 'lib', version: '2.0-r0', provides: ['so:lib.so.2=2', 'any-lib'] });
  const app = aListedPackage({ name: 'app', depends: ['lib>=2', 'so:lib.so.2', '!bad'] });
  const catalog = catalogOf([app, old, lib]);

  it('are fulfilled by names and by what is provided, versions considered', () => {
    expect(catalog.providersOf('lib<2')).toEqual([old]);
    expect(catalog.providersOf('lib')).toEqual([lib]);
    expect(catalog.providersOf('so:lib.so.2>=2')).toEqual([lib]);
    expect(catalog.providersOf('any-lib>1')).toEqual([]);
    expect(catalog.providersOf('!lib')).toEqual([]);
  });

  const many = (of: (i: number) => Partial<ListedPackage['entry']>) =>
    catalogOf(
      Array.from({ length: 20_000 }, (_, i) => aListedPackage({ name: 'many', version: `1.${i}-r0`, ...of(i) })),
    );
  const tokens = Array.from({ length: 100 }, (_, i) => i);

  it.each([
    ['versions of one name', many(() => ({})), 'many', 1],
    ['packages that provide a name', many((i) => ({ name: `p${i}`, provides: [`x=${i}`] })), 'x', 20_000],
  ])('of a hundred tokens on 20,000 %s are found while nobody waits', (_what, listed, name, count) => {
    expect(listed.providersOf(`${name}>=0`)).toHaveLength(count);
    const began = process.cpuUsage();
    for (const i of tokens) listed.providersOf(`${name}>=0.${i}`);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1500);
  });

  it('on a thousand provisions of one package by 20,000 others are found while nobody waits', () => {
    const provides = Array.from({ length: 1000 }, (_, i) => `x=1.${i}`);
    const lib = aListedPackage({ name: 'lib', provides });
    const others = Array.from({ length: 20_000 }, (_, i) => aListedPackage({ name: `p${i}`, depends: [`x>=0.${i}`] }));
    const listed = catalogOf([lib, ...others]);
    const began = process.cpuUsage();
    expect(listed.dependentsOf(lib)).toHaveLength(20_000);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1500);
  });

  it('lead back to what needs a package', () => {
    expect(catalog.dependentsOf(lib)).toEqual([app]);
    expect(catalog.dependentsOf(old)).toEqual([]);
  });

  it('may be on a name that every object has', () => {
    expect(catalog.providersOf('constructor')).toEqual([]);
    expect(catalog.versionsOf('__proto__')).toEqual([]);
  });
});
