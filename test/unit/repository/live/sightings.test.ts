import { describe, expect, it } from 'vitest';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { createSightings } from '../../../../src/repository/live/sightings.ts';
import { aClock, aGroup, aRecord } from '../../../support/a-repository.ts';

const options = { graceMs: 300_000, foundMs: 30_000 };

function aMemory() {
  const clock = aClock();
  const pkg = aRecord({ name: 'hello' });
  const tag = newPackageTag(
    aGroup(),
    { ...pkg, identity: pkg.entry.identity },
    clock.now(),
    (count) => new Uint8Array(count),
  );
  return { clock, pkg, tag, sightings: createSightings({ clock }, options) };
}

describe('what a replica remembers of tags', () => {
  it('counts an own tag for the grace period, asking for it again after half a minute', () => {
    const { clock, pkg, tag, sightings } = aMemory();
    sightings.put(tag, pkg);
    expect(sightings.ownTags()).toEqual([]);
    sightings.claimed(tag);
    expect([sightings.ownTags(), sightings.isFresh(tag)]).toEqual([[tag], true]);
    clock.pass(31_000);
    expect([sightings.ownTags(), sightings.isFresh(tag)]).toEqual([[tag], false]);
    clock.pass(270_000);
    expect(sightings.ownTags()).toEqual([]);
  });

  it('counts an own tag from when it was made, however late its put was answered', () => {
    const { clock, pkg, tag, sightings } = aMemory();
    clock.pass(400_000);
    sightings.put(tag, pkg);
    sightings.claimed(tag);
    expect(sightings.ownTags()).toEqual([]);
  });

  it("takes a young tag's absence as final only once it lasted for the grace period", () => {
    const { clock, tag, sightings } = aMemory();
    expect(sightings.missed(tag, clock.now() + 3_600_000)).toBe(false);
    clock.pass(299_000);
    expect(sightings.missed(tag, clock.now() + 3_600_000)).toBe(false);
    clock.pass(2_000);
    expect(sightings.missed(tag, clock.now() + 3_600_000)).toBe(true);
  });

  it('starts anew to count absences once the tag was found', () => {
    const { clock, pkg, tag, sightings } = aMemory();
    const future = clock.now() + 3_600_000;
    sightings.missed(tag, future);
    clock.pass(200_000);
    sightings.found(tag, pkg);
    clock.pass(200_000);
    expect(sightings.missed(tag, future)).toBe(false);
  });

  it('forgets that a tag is dead after the grace period, since a listing shows it by then', () => {
    const { clock, tag, sightings } = aMemory();
    sightings.dead(tag);
    expect(sightings.isDead(tag)).toBe(true);
    clock.pass(300_000);
    expect(sightings.isDead(tag)).toBe(false);
  });
});
