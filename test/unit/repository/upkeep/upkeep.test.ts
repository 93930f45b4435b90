import { expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { groupHash, keptTagOf, newPackageTag, tombstoneOf } from '../../../../src/repository/artifacts/package-tag.ts';
import { lease } from '../../../../src/time/lease.ts';
import { createUpkeep } from '../../../../src/repository/upkeep/upkeep.ts';
import type { Look } from '../../../../src/repository/live/look.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { stampOf } from '../../../../src/time/stamps.ts';
import { aClock, aGroup, aRecord, at, someRandom } from '../../../support/a-repository.ts';
import { aLog } from '../../../support/signing-keys.ts';

const minuteMs = 60_000;
const groups = new Map([['x86_64', groupHash(aGroup())]]);

it('old tombstones are left alone for an hour where somebody may not delete', async () => {
  const clock = aClock();
  const { fileName, entry } = aRecord();
  const tag = newPackageTag(aGroup(), { fileName, identity: entry.identity }, stampOf(clock.now()), someRandom());
  let refused = 0;
  const image = {
    image: at.image,
    resolve: () => Promise.resolve(undefined),
    deleteTag: () => {
      refused += 1;
      return Promise.reject(new GatewayError('FORBIDDEN', 'may not delete'));
    },
  } as unknown as ImageStore;
  const seen = { listing: [tombstoneOf(tag)], groups, stored: new Map() } as unknown as Look;
  const upkeep = createUpkeep(
    { clock, stamp: () => stampOf(clock.now()), log: aLog() },
    { keepSupersededMs: Infinity, historyMs: 0 },
  );
  clock.pass(lease.tombstoneMs + minuteMs);
  await upkeep.tidy(image, at, seen, {});
  clock.pass(lease.graveMs);
  for (let i = 0; i < 60; i += 1) {
    await upkeep.tidy(image, at, seen, {});
    clock.pass(minuteMs);
  }
  expect(refused).toBe(1);
  await upkeep.tidy(image, at, seen, {});
  expect(refused).toBe(2);
});

it('a tombstone stays as long as a listing shows what it buries, whatever one look-up says', async () => {
  const clock = aClock();
  const { fileName, entry } = aRecord();
  const tag = newPackageTag(aGroup(), { fileName, identity: entry.identity }, stampOf(clock.now()), someRandom());
  const removed: string[] = [];
  const image = {
    image: at.image,
    resolve: () => Promise.resolve(undefined),
    deleteTag: (gone: string) => {
      removed.push(gone);
      return Promise.resolve();
    },
  } as unknown as ImageStore;
  const look = (listing: readonly string[]) => ({ listing, groups, stored: new Map() }) as unknown as Look;
  const upkeep = createUpkeep(
    { clock, stamp: () => stampOf(clock.now()), log: aLog() },
    { keepSupersededMs: Infinity, historyMs: 0 },
  );
  clock.pass(lease.tombstoneMs + minuteMs);
  const tidy = async (listing: readonly string[]) => {
    await upkeep.tidy(image, at, look(listing), {});
    clock.pass(lease.graveMs);
  };
  await tidy([tag, tombstoneOf(tag)]);
  await tidy([tag, tombstoneOf(tag)]);
  expect(removed).toEqual([tag]);
  await tidy([tombstoneOf(tag)]);
  expect(removed).toEqual([tag, tombstoneOf(tag)]);
});

it('what is withdrawn stays beside a live tag that its pusher may still take back', async () => {
  const clock = aClock();
  const { fileName, entry } = aRecord();
  const newTag = () =>
    newPackageTag(aGroup(), { fileName, identity: entry.identity }, stampOf(clock.now()), someRandom(`${clock.now()}`));
  const withdrawn = keptTagOf(newTag(), 'withdrawn');
  clock.pass(minuteMs);
  const again = newTag();
  const removed: string[] = [];
  const image = {
    image: at.image,
    deleteTag: (gone: string) => Promise.resolve(void removed.push(gone)),
  } as unknown as ImageStore;
  const look = (isHeld: boolean) =>
    ({
      listing: [withdrawn, again],
      groups,
      stored: new Map(),
      facts: { isHeld: () => isHeld },
    }) as unknown as Look;
  const upkeep = createUpkeep(
    { clock, stamp: () => stampOf(clock.now()), log: aLog() },
    { keepSupersededMs: Infinity, historyMs: 0 },
  );
  const tidyOften = async (seen: Look) => {
    for (let hours = 0; hours < 30; hours += 1) {
      await upkeep.tidy(image, at, seen, {});
      clock.pass(60 * minuteMs);
    }
  };
  await tidyOften(look(false));
  expect(removed).toEqual([]);
  await tidyOften(look(true));
  expect(new Set(removed)).toEqual(new Set([withdrawn]));
});

it('one odd answer for what is kept ends no grace; what can’t be read for minutes is over', async () => {
  const clock = aClock();
  const { fileName, entry } = aRecord();
  const tag = newPackageTag(aGroup(), { fileName, identity: entry.identity }, stampOf(clock.now()), someRandom());
  const kept = keptTagOf(tag, 'kept');
  const removed: string[] = [];
  const image = {
    image: at.image,
    fetchManifest: () => Promise.resolve(undefined),
    deleteTag: (gone: string) => Promise.resolve(void removed.push(gone)),
  } as unknown as ImageStore;
  const seen = { listing: [kept], groups, stored: new Map() } as unknown as Look;
  const upkeep = createUpkeep(
    { clock, stamp: () => stampOf(clock.now()), log: aLog() },
    { keepSupersededMs: Infinity, historyMs: 0 },
  );
  for (let minutes = 0; minutes < 5; minutes += 1) {
    await upkeep.tidy(image, at, seen, {});
    clock.pass(minuteMs);
  }
  expect(removed).toEqual([]);
  for (let minutes = 0; minutes < 5; minutes += 1) {
    await upkeep.tidy(image, at, seen, {});
    clock.pass(minuteMs);
  }
  expect(new Set(removed)).toEqual(new Set([kept]));
});
