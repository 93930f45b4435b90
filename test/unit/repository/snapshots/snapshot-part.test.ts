import { describe, expect, it } from 'vitest';
import { buildIndexContent } from '../../../../src/repository/index/index-content.ts';
import { compareIndexed, indexedPackage } from '../../../../src/repository/index/indexed-package.ts';
import { maxPackagesOfPart, partsOf } from '../../../../src/repository/snapshots/snapshot-part.ts';
import { aGroup, aRecord, at } from '../../../support/a-repository.ts';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { stampOf } from '../../../../src/time/stamps.ts';

/** What an architecture lists: packages of these names. */
function anIndex(names: readonly string[], arch = 'x86_64') {
  const files = names.map((name) => {
    const pkg = aRecord({ name, arch });
    const identity = pkg.entry.identity;
    const tag = newPackageTag(aGroup(arch), { fileName: pkg.fileName, identity }, stampOf(0), (n) => new Uint8Array(n));
    return indexedPackage(pkg, [tag]);
  });
  return buildIndexContent(at, files.toSorted(compareIndexed), []);
}

const many = (count: number) => Array.from({ length: count }, (_, i) => `pkg${i}`);

describe('the parts of a snapshot', () => {
  it.each([
    [0, [0]],
    [1, [1]],
    [maxPackagesOfPart, [maxPackagesOfPart]],
    [maxPackagesOfPart + 1, [maxPackagesOfPart, 1]],
    [5000, [1000, 1000, 1000, 1000, 1000]],
  ])('hold %i packages as %j', (count, sizes) => {
    const parts = partsOf([anIndex(many(count))]);
    expect(parts.map((part) => part.length)).toEqual(sizes);
    expect(new Set(parts.flat().map(({ digest }) => digest)).size).toBe(count);
  });

  it('hold a package once that several architectures list, and are the same in any order', () => {
    const [one, other] = [anIndex(many(3), 'noarch'), anIndex(many(2))];
    expect(partsOf([one, other, one])).toEqual(partsOf([other, one]));
    expect(partsOf([one, other, one])[0]).toHaveLength(5);
  });
});
