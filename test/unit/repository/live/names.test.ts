import { describe, expect, it } from 'vitest';
import type { LiveSet, LiveTag } from '../../../../src/repository/live/live-set.ts';
import { clashingTags, losersIn, resolveName, type NameFacts } from '../../../../src/repository/live/names.ts';
import { newPackageTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aGroup, aRecord, someRandom } from '../../../support/a-repository.ts';

const random = someRandom();

/** A live tag of a name, of other bytes for each content, put so many seconds after the first. */
function aTag(content: string, seconds: number): LiveTag {
  const pkg = { ...aRecord({ name: 'one', version: '1.0-r0' }), digest: digestOf(Buffer.from(content)) };
  const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
  return { tag: newPackageTag(aGroup(), names, stampOf(1_700_000_000_000 + seconds * 1000), random), pkg };
}

const first = aTag('first', 0);
const second = aTag('second', 10);
const twin = aTag('second', 20);
const all = [first, second, twin];

function liveSet(tags: readonly LiveTag[], doubts: { unseen?: LiveTag[]; unshown?: LiveTag[] } = {}): LiveSet {
  const tagsOf = (some: readonly LiveTag[] = []) => new Set(some.map(({ tag }) => tag));
  return {
    ...{ listed: [], kept: [], gone: new Set(), unread: new Set(), garbled: new Set() },
    unlisted: new Map(tags.map(({ tag, pkg }) => [tag, pkg])),
    unseen: tagsOf(doubts.unseen),
    unshown: tagsOf(doubts.unshown),
    has: (tag) => tags.some((one) => one.tag === tag),
    named: () => tags,
    crowdedNames: () => new Set(tags.map(({ pkg }) => pkg.fileName)),
  };
}

const facts = (told: { held?: LiveTag[]; listed?: LiveTag[]; claimed?: LiveTag[]; ours?: LiveTag[] }): NameFacts => ({
  isHeld: (tag) => told.held?.some((one) => one.tag === tag) ?? false,
  isListed: ({ tag }) => told.listed?.some((one) => one.tag === tag) ?? false,
  isClaimed: ({ tag }) => told.claimed?.some((one) => one.tag === tag) ?? false,
  standsBy: (tag) => told.ours?.some((one) => one.tag === tag) ?? false,
});

describe('a name that several contents claim', () => {
  it.each([
    ['the one that was made first', {}, {}, first],
    ['rather the one that an index of foreign keys lists', { claimed: [second] }, {}, second],
    ['…and rather the one that the index lists', { listed: [first], claimed: [second] }, {}, first],
    ['rather the one that the index lists', { listed: [second] }, {}, second],
    ['rather the one that this replica acknowledged', { listed: [first], ours: [twin] }, {}, second],
    ['rather the one whose pusher holds it', { listed: [first], ours: [first], held: [second] }, {}, second],
    ['rather one that the registry shows', { held: [first], listed: [first] }, { unseen: [first] }, second],
  ])('has one owner: %s', (_which, told, doubts, owner) => {
    const names = resolveName(all, liveSet(all, doubts), facts(told));
    expect(names.owner.map(({ pkg }) => pkg.digest)).toContain(owner.pkg.digest);
    expect([...names.owner, ...names.losers].toSorted()).toHaveLength(all.length);
    expect(new Set(names.owner.map(({ pkg }) => pkg.digest)).size).toBe(1);
  });

  it.each([
    ['those that were made first', {}, [second, twin]],
    ['…without what nobody lists', { without: [first] }, []],
    ['rather those that are held', { held: [twin] }, [first]],
  ] as const)('of rivals that indexes list side by side stay %s', (_which, told, clashing) => {
    const { held = [], without = [] } = told as { held?: LiveTag[]; without?: LiveTag[] };
    const listed = new Set(all.filter((one) => !without.includes(one)).map(({ tag }) => tag));
    const found = clashingTags(liveSet(all), facts({ held }), listed);
    expect(found).toEqual(new Set(clashing.map(({ tag }) => tag)));
  });

  it('belongs to all twins of its content', () => {
    expect(resolveName(all, liveSet(all), facts({ held: [twin] })).owner).toHaveLength(2);
  });

  it.each([
    ['nobody, where no pusher holds it', {}, {}, []],
    ['the rival of a held tag', { held: [first] }, {}, [second, twin]],
    ['no held tag, whatever it is a rival of', { held: [first, second] }, {}, [twin]],
    ['nobody, where the registry does not show the held one', { held: [first] }, { unshown: [first] }, []],
  ])('loses for good: %s', (_which, told, doubts, losers) => {
    expect(losersIn(liveSet(all, doubts), facts(told))).toEqual(losers);
  });
});
