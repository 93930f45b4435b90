import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTag } from '../../../src/oci/reference.ts';
import {
  architectureOfIndexTag,
  buriedBy,
  groupHash,
  indexTag,
  newPackageTag,
  parsePackageTag,
  tagStamp,
  tombstoneOf,
} from '../../../src/repository/artifacts/package-tag.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { someRandom } from '../../support/a-repository.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const group = fc.record({
  branch: name,
  repository: name,
  architecture: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/),
});
const file = fc.record({
  fileName: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._+-]{0,80}-[0-9][0-9a-z._+~-]{0,80}\.apk$/),
  identity: fc.stringMatching(/^Q1[A-Za-z0-9+/]{27}=$/),
});
const time = fc.integer({ min: 0, max: 32 ** 7 * 1000 - 1 });
const random = someRandom();

describe('tags', () => {
  it('are legal, lower-case and at most 128 characters, whatever the names', () => {
    fc.assert(
      fc.property(group, file, time, (of, pkg, nowMs) => {
        const tag = newPackageTag(of, pkg, stampOf(nowMs), random);
        for (const one of [tag, tombstoneOf(tag), indexTag(of)]) {
          expect(isTag(one)).toBe(true);
          expect(one).toMatch(/^[a-z0-9_.-]{1,128}$/);
        }
      }),
    );
  });

  it('tell what they are and when they were made', () => {
    fc.assert(
      fc.property(group, file, time, (of, pkg, nowMs) => {
        const tag = newPackageTag(of, pkg, stampOf(nowMs), random);
        expect(tagStamp(tag)).toBe(Math.floor(nowMs / 1000) * 1000);
        expect(parsePackageTag(tag)).toMatchObject({ kind: 'package', groupHash: groupHash(of) });
        expect(parsePackageTag(tombstoneOf(tag))).toMatchObject({ kind: 'tombstone', groupHash: groupHash(of) });
        expect(buriedBy(tombstoneOf(tag))).toBe(tag);
        expect(parsePackageTag(indexTag(of))).toBeUndefined();
      }),
    );
  });

  it('differ for every push, and none is the beginning of another', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(group, file), { minLength: 2, maxLength: 20 }), time, (pushes, nowMs) => {
        const twice = [...pushes, ...pushes];
        const tags = twice.map(([of, pkg]) => newPackageTag(of, pkg, stampOf(nowMs), random));
        expect(new Set(tags).size).toBe(twice.length);
        for (const tag of tags) expect(tags.filter((other) => other.startsWith(tag))).toEqual([tag]);
      }),
    );
  });

  it('have the same content hash only for the same file with the same identity in the same group', () => {
    fc.assert(
      fc.property(group, file, group, file, (of, pkg, otherOf, other) => {
        const hashOf = (...[a, b]: [typeof of, typeof pkg]) =>
          parsePackageTag(newPackageTag(a, b, stampOf(0), random))?.contentHash;
        const isSame = JSON.stringify([of, pkg]) === JSON.stringify([otherOf, other]);
        expect(hashOf(of, pkg) === hashOf(otherOf, other)).toBe(isSame);
        expect(hashOf(of, pkg)).toBe(hashOf({ ...of }, { ...pkg }));
      }),
    );
  });

  it('keep versions apart that only + and ~ tell apart', () => {
    fc.assert(
      fc.property(group, fc.constantFrom('1.0+a', '1.0~a', '1.0_a', '1.0-a'), (of, version) => {
        const tagOf = (text: string) =>
          newPackageTag(of, { fileName: `x-${text}.apk`, identity: 'Q1' }, stampOf(0), () => new Uint8Array(8));
        const others = ['1.0+a', '1.0~a', '1.0_a', '1.0-a'].filter((text) => text !== version);
        expect(others.map(tagOf)).not.toContain(tagOf(version));
      }),
    );
  });

  it('of an index give its architecture back where it is lower-case and short', () => {
    fc.assert(
      fc.property(group, fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,39}$/), (of, architecture) => {
        expect(architectureOfIndexTag(of, indexTag({ ...of, architecture }))).toBe(architecture);
      }),
    );
  });
});
