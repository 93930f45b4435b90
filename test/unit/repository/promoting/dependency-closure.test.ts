import { describe, expect, it } from 'vitest';
import { dependencyClosure } from '../../../../src/repository/promoting/dependency-closure.ts';
import { aRecord } from '../../../support/a-repository.ts';

function aPackage(name: string, version: string, depends: readonly string[] = [], provides: readonly string[] = []) {
  const { fileName, entry } = aRecord({ name, version });
  return { fileName, entry: { ...entry, depends, provides } };
}

type Packages = readonly ReturnType<typeof aPackage>[];

describe('what packages need of their own source', () => {
  const app = aPackage('app', '1-r0', ['lib>1.5', 'musl', '!old']);
  const lib = [aPackage('lib', '1-r0'), aPackage('lib', '2-r0', ['base=1-r0']), aPackage('lib', '3-r0', ['base'])];
  const base = [aPackage('base', '1-r0'), aPackage('base', '2-r0')];

  it.each<[string, Packages, Packages, Packages, readonly string[], readonly string[]]>([
    [
      'the newest that fulfils each, and theirs',
      [app],
      [app, ...lib, ...base],
      [],
      ['lib-3-r0', 'base-2-r0'],
      ['musl'],
    ],
    ['not what the target has', [app], [app, ...lib, ...base], [aPackage('lib', '2-r0')], [], ['musl']],
    [
      'what the target has in no version that would do',
      [app],
      [app, ...lib],
      [aPackage('lib', '1-r0')],
      ['lib-3-r0'],
      ['base', 'musl'],
    ],
    ['not what is chosen anyway', [app, lib[1]!], [app, ...lib, ...base], [], ['base-1-r0'], ['musl']],
    [
      'who provides it, where none is called so',
      [aPackage('app', '1-r0', ['cmd:sh', 'so:libz.so.1'])],
      [aPackage('busybox', '1-r0', [], ['cmd:sh=1']), aPackage('zlib', '1-r0', [], ['so:libz.so.1=1.3'])],
      [],
      ['busybox-1-r0', 'zlib-1-r0'],
      [],
    ],
    [
      'the one of that name before one that provides it',
      [aPackage('app', '1-r0', ['sh'])],
      [aPackage('bash', '9-r0', [], ['sh=9']), aPackage('sh', '1-r0')],
      [],
      ['sh-1-r0'],
      [],
    ],
    [
      'a circle once',
      [aPackage('a', '1-r0', ['b'])],
      [aPackage('a', '1-r0', ['b']), aPackage('b', '1-r0', ['a'])],
      [],
      ['b-1-r0'],
      [],
    ],
  ])('is %s', (_name, chosen, source, target, needed, unmet) => {
    const closure = dependencyClosure(chosen, source, target);
    expect(closure.needed.map(({ fileName }) => fileName.replace('.apk', ''))).toEqual(needed);
    expect(closure.unmet).toEqual(unmet);
  });
});

it('what thousands of packages need of thousands of versions is looked for once', () => {
  const versions = Array.from({ length: 10_000 }, (_, i) => aPackage('lib', `1.${i}`));
  const chosen = Array.from({ length: 2000 }, (_, i) => aPackage(`app${i}`, '1', ['lib>2']));
  const beganMs = performance.now();
  expect(dependencyClosure(chosen, versions, []).unmet).toEqual(['lib']);
  // Looked for by each of them it takes most of a minute.
  expect(performance.now() - beganMs).toBeLessThan(3000);
});
