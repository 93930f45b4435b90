import { describe, expect, it } from 'vitest';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { createSightings } from '../../../../src/repository/live/sightings.ts';
import { lease } from '../../../../src/time/lease.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aClock, aGroup, aRecord } from '../../../support/a-repository.ts';

function aMemory() {
  const clock = aClock();
  const pkg = aRecord({ name: 'hello' });
  const names = { ...pkg, identity: pkg.entry.identity };
  const tag = newPackageTag(aGroup(), names, stampOf(clock.now()), (count) => new Uint8Array(count));
  return { clock, pkg, tag, sightings: createSightings(clock) };
}

describe('what a replica remembers of tags', () => {
  it('counts an own tag for a while, asking for it again after half a minute', () => {
    const { clock, pkg, tag, sightings } = aMemory();
    sightings.put(tag, pkg);
    expect(sightings.ownTags()).toEqual([]);
    sightings.vouch(tag);
    expect([sightings.ownTags(), sightings.isFresh(tag)]).toEqual([[tag], true]);
    clock.pass(31_000);
    expect([sightings.ownTags(), sightings.isFresh(tag)]).toEqual([[tag], false]);
    clock.pass(270_000);
    expect(sightings.ownTags()).toEqual([]);
  });

  it('forgets of more than 100,000 tags what was seen longest ago', () => {
    const { pkg, sightings } = aMemory();
    for (let i = 0; i < 100_000; i += 1) sightings.found(`tag-${i}`, pkg);
    sightings.found('tag-0', pkg);
    sightings.found('one-more', pkg);
    expect(['tag-0', 'tag-1', 'tag-2', 'one-more'].map((tag) => sightings.recordOf(tag) !== undefined)).toEqual([
      ...[true, false, true, true],
    ]);
  });

  it('takes an absence for proven only once it was told twice, some time apart', () => {
    const { clock, tag, sightings } = aMemory();
    expect(sightings.missed(tag)).toBe(false);
    clock.pass(lease.absenceApartMs - 1_000);
    expect([sightings.missed(tag), sightings.absentTags()]).toEqual([false, []]);
    clock.pass(2_000);
    expect([sightings.missed(tag), sightings.absentTags()]).toEqual([true, [tag]]);
  });

  it('starts anew to count absences once the tag was found', () => {
    const { clock, pkg, tag, sightings } = aMemory();
    sightings.missed(tag);
    clock.pass(200_000);
    sightings.found(tag, pkg);
    clock.pass(200_000);
    expect(sightings.missed(tag)).toBe(false);
  });

  it.each(['found', 'returned'] as const)('forgets a proven absence where the tag is %s', (how) => {
    const { clock, pkg, tag, sightings } = aMemory();
    sightings.missed(tag);
    clock.pass(lease.absenceApartMs);
    sightings.missed(tag);
    sightings[how](tag, pkg);
    expect(sightings.absentTags()).toEqual([]);
    expect(sightings.missed(tag)).toBe(false);
  });

  it('takes an answer for foreign only once it came twice, some time apart', () => {
    const { clock, tag, sightings } = aMemory();
    expect([sightings.garbled(tag), sightings.isGarbled(tag)]).toEqual([false, 'once']);
    clock.pass(lease.garbledApartMs);
    expect(sightings.isGarbled(tag)).toBeUndefined();
    expect([sightings.garbled(tag), sightings.isGarbled(tag)]).toEqual([true, 'always']);
  });

  it('forgets a burial after a while, since a listing shows the tombstone by then', () => {
    const { clock, tag, sightings } = aMemory();
    sightings.buried(tag);
    expect([sightings.isBuried(tag), sightings.buriedTags()]).toEqual([true, [tag]]);
    clock.pass(lease.memoryMs);
    expect([sightings.isBuried(tag), sightings.buriedTags()]).toEqual([false, []]);
  });
});
