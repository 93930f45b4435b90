import { describe, expect, it } from 'vitest';
import type { StoredIndex, StoredIndexes } from '../../../../src/repository/index/stored-index.ts';
import type { Groups } from '../../../../src/repository/live/groups.ts';
import { readThenList, recentIndexes } from '../../../../src/repository/live/read-then-list.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import type { MonotonicMs } from '../../../../src/time/monotonic.ts';
import { aClock, at } from '../../../support/a-repository.ts';

type Reading = Parameters<typeof readThenList>[5];

const version = (name: string) => ({ manifestDigest: name }) as unknown as StoredIndex;

/** What is asked while a look reads, in order; the index that was known is `known`, and the tag names `current` by now. */
async function reading(known: StoredIndex | undefined, current: StoredIndex, options: Reading) {
  const asked: string[] = [];
  const ask = async (what: string) => {
    asked.push(what);
    await Promise.resolve();
    asked.push(`${what} answered`);
  };
  const sinceMs = 0 as MonotonicMs;
  const storedIndexes: StoredIndexes = {
    read: async () => {
      await ask('index');
      return current;
    },
    last: () => known && { stored: known, sinceMs },
    remember: () => undefined,
  };
  const image = {
    tags: async () => {
      await ask('tags');
      return [];
    },
  } as unknown as ImageStore;
  const asking = { named: ['x86_64'], isOpen: false };
  const { stored } = await readThenList({ storedIndexes, groups: {} as Groups }, image, at, asking, [], options);
  return { asked, read: stored.get('x86_64') };
}

describe('what a look reads', () => {
  const [one, two] = [version('one'), version('two')];
  const inOrder = ['index', 'index answered', 'tags', 'tags answered'];

  it('is the index, and a listing that is asked for once that was answered', async () => {
    expect(await reading(one, one, {})).toEqual({ asked: inOrder, read: one });
  });

  it('is both at once in a hurry, as long as the index is the one that was known before', async () => {
    const { asked, read } = await reading(one, one, { isEager: true });
    expect(asked.slice(0, 2).sort()).toEqual(['index', 'tags']);
    expect([asked.length, read]).toEqual([4, one]);
  });

  it('is another listing in a hurry where the index has changed: what was listed before is no proof', async () => {
    const { asked, read } = await reading(one, two, { isEager: true });
    expect(asked.filter((what) => what === 'tags')).toHaveLength(2);
    expect(asked.lastIndexOf('tags')).toBeGreaterThan(asked.indexOf('index answered'));
    expect(read).toBe(two);
  });

  it.each([
    ['of which none is known', undefined, {}],
    ['that it need not ask for', one, { known: new Map([['x86_64', one]]) }],
  ])('is one listing in a hurry beside an index %s', async (_what, known, options) => {
    const { asked } = await reading(known, one, { ...options, isEager: true });
    expect(asked.filter((what) => what === 'tags')).toHaveLength(1);
    expect(asked.at(-2)).toBe('tags');
  });

  it('is an index known for no longer than is wanted', () => {
    const clock = aClock();
    const since = clock.monotonicMs();
    const storedIndexes = { last: () => ({ stored: one, sinceMs: since }) } as unknown as StoredIndexes;
    const recent = (ms: number | undefined) =>
      recentIndexes({ storedIndexes, groups: {} as Groups, clock }, at, ['x86_64'], [], ms)?.size;
    clock.pass(1000);
    expect([recent(undefined), recent(999), recent(1000)]).toEqual([undefined, 0, 1]);
  });
});
