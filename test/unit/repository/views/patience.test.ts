import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import type { SignedIndex } from '../../../../src/repository/service/reading.ts';
import { indexTag, tombstoneOf } from '../../../../src/repository/artifacts/package-tag.ts';
import {
  aCaller,
  aClock,
  aReplica,
  aSigningKey,
  at,
  fixedKeys,
  listedBy,
  type TestReplica,
} from '../../../support/a-repository.ts';
import type { ImageStore, Store } from '../../../../src/store/store.ts';
import { createMemoryStore, type MemoryCall, type MemoryImage } from '../../../support/memory-store.ts';

const keys = fixedKeys(aSigningKey());
const minuteMs = 60_000;
const pkg = (name: string, arch = 'x86_64') => ({ name, version: '1.0-r0', arch });
const never = new Promise<never>(() => undefined);

/** How a registry can let its readers down. */
const troubles: Readonly<Record<string, () => Promise<never>>> = {
  'does not answer': () => never,
  'answers with faults': () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'answers 503')),
  'asks to come back later': () =>
    Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'answers 429', { details: { retryAfterSeconds: 25 } })),
  'breaks its answers off': () => Promise.reject(new GatewayError('DIGEST_MISMATCH', 'half an answer')),
  'answers nonsense': () => Promise.reject(new GatewayError('STORE_ANSWER_INVALID', 'no manifest')),
  'answers with a bare 404': () =>
    Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'answers 404', { details: { bare404: true } })),
};

/** Deletes a package by that replica. */
function remove({ repositories }: TestReplica, name: string): Promise<unknown> {
  return repositories.withdraw(at, { architecture: 'x86_64', fileName: `${name}-1.0-r0.apk` }, aCaller('ci'));
}

/** Two replicas before one registry, of which the first is let down as long as `trouble` is set. */
function aWorld(options: { readonly isAbout?: (call: MemoryCall) => boolean } = {}) {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  const state: { trouble: (() => Promise<never>) | undefined; asked: number } = { trouble: undefined, asked: 0 };
  const before = (call: MemoryCall) => {
    const isConcerned = options.isAbout?.(call) ?? true;
    if (isConcerned) state.asked += 1;
    return isConcerned && state.trouble !== undefined ? state.trouble() : Promise.resolve();
  };
  const first = aReplica({ store: createMemoryStore({ images, before }), clock, keys });
  const second = aReplica({ store: createMemoryStore({ images }), clock, keys });
  const read = async (architecture = 'x86_64', user = 'reader') => {
    const began = clock.monotonicMs();
    const index = await clock.until(first.repositories.openIndex(at, architecture, aCaller(user)));
    return { tookMs: clock.monotonicMs() - began, isStale: index?.isStale, count: index?.count, index };
  };
  return { clock, images, state, first, second, read };
}

describe('a reader who was let in lately', () => {
  it.each(Object.entries(troubles))(
    'has the last good index within 2 s while the registry %s',
    async (_what, trouble) => {
      const { clock, state, second, read } = aWorld();
      await second.push([pkg('one')]);
      expect(await read()).toMatchObject({ isStale: false, count: 1 });
      state.trouble = trouble;
      for (let i = 0; i < 10; i += 1) {
        const { tookMs, isStale, count } = await read();
        expect([isStale, count]).toEqual([true, 1]);
        expect(tookMs).toBeLessThan(2_000);
        clock.pass(minuteMs);
      }
    },
  );

  it('waits once for a registry that hangs, and not with each reading', async () => {
    const { state, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = troubles['does not answer'];
    const waits = [];
    for (let i = 0; i < 5; i += 1) waits.push((await read()).tookMs);
    expect(waits[0]).toBeGreaterThan(1_000);
    expect(waits.slice(1)).toEqual([0, 0, 0, 0]);
  });

  it('has an answer within 2 s of coming, however slow the one that those before them wait for', async () => {
    const { clock, state, first, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = async () => {
      await clock.sleep(1_400);
      return undefined as never;
    };
    const open = () => first.repositories.openIndex(at, 'x86_64', aCaller('reader'));
    const before = open();
    await clock.until(clock.sleep(100));
    const came = clock.monotonicMs();
    const mine = await clock.until(open());
    expect(clock.monotonicMs() - came).toBeLessThan(2_000);
    expect([(await before)?.isStale, mine?.count, mine?.isStale]).toEqual([false, 1, true]);
  });

  it('does not ask a registry in trouble more than some times', async () => {
    const { clock, state, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = troubles['answers with faults'];
    state.asked = 0;
    for (let i = 0; i < 600; i += 1) {
      await read();
      clock.pass(100);
    }
    expect(state.asked).toBeGreaterThan(3);
    expect(state.asked).toBeLessThan(40);
  });

  it('is given what is new again soon after the trouble is over, without waiting', async () => {
    const { clock, state, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = troubles['answers with faults'];
    await read();
    await second.push([pkg('two')]);
    state.trouble = undefined;
    clock.pass(6_000);
    await clock.until(clock.sleep(0));
    expect(await read()).toMatchObject({ isStale: false, count: 2 });
  });

  it('is given what this gateway has just acknowledged, right after a failed reading', async () => {
    const { state, first, read } = aWorld();
    await first.push([pkg('one')]);
    await read();
    state.trouble = troubles['answers with faults'];
    expect(await read()).toMatchObject({ isStale: true, count: 1 });
    state.trouble = undefined;
    await first.push([pkg('two')]);
    expect(await read()).toMatchObject({ isStale: false, count: 2 });
    await first.push([pkg('three')]);
    state.trouble = troubles['does not answer'];
    expect(await read()).toMatchObject({ isStale: true, count: 3 });
  });

  it.each([
    ['acknowledges', (first: TestReplica) => first.push([pkg('three')]), ['two-1.0-r0', 'three-1.0-r0']],
    ['deletes', (first: TestReplica) => remove(first, 'two'), []],
  ])(
    'is given what this gateway %s while another has begun to delete something else',
    async (_what, change, listed) => {
      let onIndexPut = (): void => undefined;
      const isAbout = ({ operation, reference }: MemoryCall) => {
        if (operation === 'tags') onIndexPut();
        return reference !== '';
      };
      const { clock, images, state, first } = aWorld({ isAbout });
      await first.push([pkg('one'), pkg('two')]);
      expect(await listedBy(clock, first)).toHaveLength(2);
      const { tags } = images.get(at.image)!;
      const put = tags.get(indexTag({ ...at, architecture: 'x86_64' }));
      onIndexPut = () => {
        if (tags.get(indexTag({ ...at, architecture: 'x86_64' })) === put) return;
        const doomed = [...tags.keys()].find((tag) => tag.includes('-p-one'));
        if (doomed === undefined) return;
        tags.set(tombstoneOf(doomed), tags.get(doomed)!);
        tags.delete(doomed);
      };
      await clock.until(Promise.resolve(change(first)));
      state.trouble = troubles['answers with faults'];
      expect((await listedBy(clock, first))?.toSorted()).toEqual(listed.toSorted());
    },
  );

  it('is given no index without what this gateway acknowledged, where nothing but tombstones tells of the architecture', async () => {
    const { clock, images, state, first, read } = aWorld();
    await first.push([pkg('one')]);
    await clock.until(remove(first, 'one'));
    images.get(at.image)!.tags.delete(indexTag({ ...at, architecture: 'x86_64' }));
    expect(await read()).toMatchObject({ isStale: false, count: 0 });
    await first.push([pkg('two', 'noarch')]);
    state.trouble = troubles['answers with faults'];
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is given what this gateway was found to have already, right after a failed reading', async () => {
    const { state, first, second, read } = aWorld();
    await first.push([pkg('one')]);
    await read();
    await second.push([pkg('two')]);
    state.trouble = troubles['answers with faults'];
    expect(await read()).toMatchObject({ isStale: true, count: 1 });
    state.trouble = undefined;
    expect(await first.push([pkg('two')], { ifExists: 'skip' })).toEqual(['unchanged']);
    expect(await read()).toMatchObject({ isStale: false, count: 2 });
  });

  it('of an architecture without an index of its own has that of noarch, as soon', async () => {
    const { clock, state, second, read } = aWorld();
    await second.push([pkg('one', 'noarch')]);
    expect(await read()).toMatchObject({ isStale: false, count: 1 });
    state.trouble = troubles['does not answer'];
    for (let i = 0; i < 3; i += 1) {
      const { tookMs, isStale, count } = await read();
      expect([isStale, count]).toEqual([true, 1]);
      expect(tookMs).toBeLessThan(2_000);
      clock.pass(minuteMs);
    }
  });

  it('is not told by hearsay that there is no index: another replica may have acknowledged one since', async () => {
    const { state, second, read } = aWorld();
    expect((await read()).index).toBeUndefined();
    await second.push([pkg('one')]);
    state.trouble = troubles['answers with faults'];
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it("has noarch's index marked as stale where only that of its architecture can't be asked for", async () => {
    const { state, second, read } = aWorld({ isAbout: ({ reference }) => reference?.includes('x86_64') === true });
    await second.push([pkg('one', 'noarch')]);
    expect(await read()).toMatchObject({ isStale: false, count: 1 });
    await second.push([pkg('two')]);
    state.trouble = troubles['answers with faults'];
    expect(await read()).toMatchObject({ isStale: true, count: 1 });
  });

  it('has a small package from memory as soon', async () => {
    const { clock, state, second, first } = aWorld();
    await second.push([pkg('one')]);
    const fetched = async () => {
      const began = clock.monotonicMs();
      const found = await clock.until(
        first.repositories.findPackage(at, 'x86_64', 'one-1.0-r0.apk', aCaller('reader')),
      );
      const bytes = await clock.until(found!.open());
      return { size: (bytes as Uint8Array).length, tookMs: clock.monotonicMs() - began };
    };
    const { size } = await fetched();
    for (const trouble of Object.values(troubles)) {
      state.trouble = trouble;
      const again = await fetched();
      expect(again.size).toBe(size);
      expect(again.tookMs).toBeLessThan(2_000);
    }
  });

  it('is let in for --stale-for longer, and no longer', async () => {
    const { clock, state, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = troubles['answers with faults'];
    clock.pass(10 * minuteMs);
    expect(await read()).toMatchObject({ isStale: true });
    clock.pass(2 * minuteMs);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('does not wait for a comparison that takes long, and has the new index once it is made', async () => {
    const { clock, state, second, read } = aWorld({ isAbout: ({ operation }) => operation === 'tags' });
    await second.push([pkg('one')]);
    await read();
    await second.push([pkg('two')]);
    let release: (value: never) => void = () => undefined;
    const held = new Promise<never>((resolve) => {
      release = resolve;
    });
    state.trouble = () => held;
    expect(await read()).toMatchObject({ isStale: true, count: 1 });
    expect(await read()).toMatchObject({ isStale: true, count: 1, tookMs: 0 });
    state.trouble = undefined;
    release(undefined as never);
    await clock.until(clock.sleep(10));
    expect(await read()).toMatchObject({ isStale: false, count: 2 });
  });
});

describe('a replica that has to read all packages', () => {
  const garbage = Buffer.from('<html>');

  it.each([
    ['something else', [garbage]],
    ['something else, and then that it is not there', [garbage, undefined]],
    ['twice that it is not there', [undefined, undefined]],
  ])('hides none for being told %s', async (_what, odd) => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([pkg('one')]);
    const store = createMemoryStore({ images });
    const answers = [...odd];
    const garbling: Store = {
      ...store,
      image(...args) {
        const front = store.image(...args);
        const fetchManifest: ImageStore['fetchManifest'] = async (reference, call) => {
          const manifest = await front.fetchManifest(reference, call);
          if (answers.length === 0 || !reference.includes('-p-')) return manifest;
          const bytes = answers.shift();
          return manifest && bytes && { ...manifest, bytes };
        };
        return { ...front, fetchManifest };
      },
    };
    const stranger = aReplica({ store: garbling, clock, keys: fixedKeys(aSigningKey('test-only-untrusted.rsa')) });
    expect(await listedBy(clock, stranger)).toEqual(['one-1.0-r0']);
    expect(answers).toEqual([]);
  });

  it('waits once for what can not be read, and then lists at once what others acknowledge', async () => {
    const clock = aClock();
    const store = createMemoryStore();
    const first = aReplica({ store, clock, keys });
    await first.push([pkg('one'), pkg('two')]);
    const { tags, manifests } = store.state(at.image);
    const [lost] = [...tags.keys()].filter((tag) => tag.includes('-p-two'));
    manifests.delete(tags.get(lost!)!);
    const stranger = aReplica({ store, clock, keys: fixedKeys(aSigningKey('test-only-untrusted.rsa')) });
    expect(await listedBy(clock, stranger)).toEqual(['one-1.0-r0']);
    await first.push([pkg('three')]);
    const came = clock.monotonicMs();
    const index = await clock.until(stranger.repositories.openIndex(at, 'x86_64', aCaller('reader')));
    expect([index?.isStale, index?.count, clock.monotonicMs() - came]).toEqual([false, 2, 0]);
  });
});

describe('somebody who was not', () => {
  it('is told that the registry is away, and gets nothing from memory', async () => {
    const { state, second, read } = aWorld();
    await second.push([pkg('one')]);
    await read();
    state.trouble = troubles['answers with faults'];
    await expect(read('x86_64', 'newcomer')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    state.trouble = troubles['does not answer'];
    await expect(read('x86_64', 'newcomer')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('waits no longer because somebody else waits already', async () => {
    const { clock, state, first, second } = aWorld();
    await second.push([pkg('one')]);
    state.trouble = troubles['does not answer'];
    const open = () => first.repositories.openIndex(at, 'x86_64', aCaller('newcomer'));
    const before = open();
    before.catch(() => undefined);
    await clock.until(clock.sleep(1_000));
    const came = clock.monotonicMs();
    await expect(clock.until(open())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(clock.monotonicMs() - came).toBeLessThan(60_000);
  });
});

describe('what contradicts what the registry has just shown', () => {
  const lists = (index: SignedIndex | undefined) => [index?.isStale, index?.count];

  it.each([
    ['an empty listing beside an index', { listing: () => [] }],
    ['no index and no package to somebody who has just read both', { listing: () => [], lookup: () => undefined }],
  ])('(%s) is a fault, and never an empty index', async (_what, lies) => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const lying = { isOn: false };
    const store = createMemoryStore({
      images,
      listing: (_image, { tags }) => (lying.isOn ? lies.listing() : tags.keys()),
      lookup: (_image, tag, { tags }) => (lying.isOn && 'lookup' in lies ? undefined : tags.get(tag)),
    });
    const [reading, cold] = [aReplica({ store, clock, keys }), aReplica({ store, clock, keys })];
    await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([pkg('one')]);
    const read = (replica = reading) => clock.until(replica.repositories.openIndex(at, 'x86_64', aCaller('reader')));
    await read();
    lying.isOn = true;
    // Due to be compared anew, and the right lately proven.
    clock.pass(minuteMs - 100);
    await read();
    clock.pass(200);
    expect(lists(await read())).toEqual([true, 1]);
    lying.isOn = false;
    clock.pass(6_000);
    await clock.until(clock.sleep(10));
    expect(lists(await read())).toEqual([false, 1]);
    if ('lookup' in lies) return;
    lying.isOn = true;
    await expect(read(cold)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
