import { describe, expect, it } from 'vitest';
import { contentPieces } from '../../../../src/repository/index/index-content.ts';
import {
  compareIndexed,
  indexedPackage,
  type IndexedPackage,
} from '../../../../src/repository/index/indexed-package.ts';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { createMadeContents } from '../../../../src/repository/live/made-contents.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aGroup, aRecord, someRandom } from '../../../support/a-repository.ts';

const group = aGroup('x86_64');
const random = someRandom();

function aFile(name: string): IndexedPackage {
  const pkg = aRecord({ name, arch: 'x86_64' });
  const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
  return indexedPackage(pkg, [newPackageTag(group, names, stampOf(1e12), random)]);
}

const files = Array.from({ length: 600 }, (_, i) => aFile(`pkg${i}`)).sort(compareIndexed);
/** As another look finds them. */
const again = (some: readonly IndexedPackage[]) => some.map(({ pkg, tags, held }) => indexedPackage(pkg, tags, held));
const bytesOf = (content: ReturnType<ReturnType<typeof createMadeContents>>) => Buffer.concat(contentPieces(content));

describe('a lost index that is looked at again', () => {
  it('is what was made before, where nothing changed', () => {
    const make = createMadeContents();
    const made = make(group, files);
    expect(make(group, again(files))).toBe(made);
  });

  it.each([
    ['a package was deleted', (some: readonly IndexedPackage[]) => some.slice(1)],
    ['one came', (some: readonly IndexedPackage[]) => [...some, aFile('zzz')]],
    [
      'one is held by now',
      ([first, ...others]: readonly IndexedPackage[]) => [
        indexedPackage(first!.pkg, first!.tags, first!.tags),
        ...others,
      ],
    ],
    [
      'one has a twin by now',
      ([first, ...others]: readonly IndexedPackage[]) => [
        indexedPackage(first!.pkg, [...first!.tags, ...aFile('pkg0').tags]),
        ...others,
      ],
    ],
  ])('takes over what stays where %s', (_what, changed) => {
    const make = createMadeContents();
    const made = make(group, files);
    const next = changed(again(files));
    const content = make(group, next);
    expect(content.files()).toEqual(next);
    const fresh = createMadeContents()(group, next);
    expect(content.runs.map(({ details }) => details.digest)).toEqual(fresh.runs.map(({ details }) => details.digest));
    expect(bytesOf(content).equals(bytesOf(fresh))).toBe(true);
    expect(content.runs.filter((run) => made.runs.includes(run)).length).toBeGreaterThan(made.runs.length - 3);
  });

  it('is not what was made of another group', () => {
    const make = createMadeContents();
    const made = make(group, files);
    expect(make({ ...group, repository: 'other' }, files)).not.toBe(made);
  });
});
