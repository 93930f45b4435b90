import { describe, expect, it } from 'vitest';
import type { ImageStore } from '../../../src/store/store.ts';
import { buildIndexContent, contentPieces } from '../../../src/repository/index/index-content.ts';
import { compareIndexed, indexedPackage } from '../../../src/repository/index/indexed-package.ts';
import { packageTagOf } from '../../../src/repository/artifacts/package-tag.ts';
import { aGroup, aRecord, at } from '../../support/a-repository.ts';
import { withChangedImages } from './changed-images.ts';
import { createStage, simulated, tagsOf } from './stage.ts';
import type { Replica, WorldOptions } from './world.ts';

type Three = [Replica, Replica, Replica];

const { a, b, c } = simulated;

/** A replica whose reads of the image differ from the truth. */
function sabotaged(change: (image: ImageStore) => Partial<ImageStore>): NonNullable<WorldOptions['sabotage']> {
  return (store) => withChangedImages(store, change);
}

/** One replica believes its first listing for ever: what it reads is compared with nothing that came after. */
function listsOnce(id: string): NonNullable<WorldOptions['sabotage']> {
  let first: ReturnType<ImageStore['tags']> | undefined;
  const frozen = sabotaged((image) => ({ tags: () => (first ??= image.tags()) }));
  return (store, replica) => (replica.id === id ? frozen(store, replica) : store);
}

/** One replica sees no tombstones. */
function seesNoTombstones(id: string): NonNullable<WorldOptions['sabotage']> {
  const blind = sabotaged((image) => ({
    tags: async (options) => (await image.tags(options)).filter((tag) => !tag.includes('-d-')),
    resolve: async (reference, options) => (reference.includes('-d-') ? undefined : image.resolve(reference, options)),
  }));
  return (store, replica) => (replica.id === id ? blind(store, replica) : store);
}

describe('schedules known to be bad', () => {
  const staleIndex = async (options: WorldOptions = {}) => {
    let isLate = false;
    const stage = await createStage({
      isLatePut: (replica, tag) => isLate && replica.id === 'dying' && tag.startsWith('index-'),
      ...options,
    });
    const [dying, lasting, reading] = ['dying', 'lasting', 'reading'].map((id) => stage.replica(id)) as Three;
    await stage.push(lasting, a);
    await stage.read(reading);
    const late = stage.hold(/^late put/);
    isLate = true;
    void stage.beginPush(dying, b);
    await stage.untilReached(late);
    dying.isDead = true;
    expect(await stage.push(lasting, c)).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    return await stage.read(reading);
  };

  it('a stale put by a dying writer brings an old index back', async () => {
    expect(await staleIndex()).toEqual(['a one', 'b one', 'c one']);
  });

  it('…which whoever does not list again takes for the newest', async () => {
    expect(await staleIndex({ sabotage: listsOnce('reading') })).toEqual(['a one', 'b one']);
  });

  it('an orphan rival that was stamped earlier lands later', async () => {
    const stage = await createStage({ isLatePut: (replica, tag) => replica.id === 'dying' && tag.includes('-p-') });
    const [dying, lasting] = [stage.replica('dying'), stage.replica('lasting')];
    const late = stage.hold(/^late put/);
    void stage.beginPush(dying, a, 'two');
    await stage.untilReached(late);
    dying.isDead = true;
    stage.world.pass(5_000);
    expect(await stage.push(lasting, a, 'one')).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    expect([await stage.read(lasting), await stage.read()]).toEqual([['a one'], ['a one']]);
    expect(await stage.push(lasting, b)).toBe('done');
    expect(await stage.read()).toEqual(['a one', 'b one']);
  });

  it('twins are pushed, then the file is deleted', async () => {
    const stage = await createStage();
    const [first, second] = [stage.replica('first'), stage.replica('second')];
    const held = stage.hold(/^first pushManifest index/);
    const one = stage.beginPush(first, a);
    await stage.untilReached(held);
    expect(await stage.push(second, a, 'one', 'skip')).toBe('done');
    expect(tagsOf(stage, '-p-')).toHaveLength(2);
    held.release();
    expect(await stage.until(one)).toBe('done');
    expect(await stage.withdraw(second, a)).toBe('done');
    expect([await stage.read(first), await stage.read(second), await stage.read()]).toEqual([[], [], []]);
    expect(tagsOf(stage, '-p-')).toEqual([]);
  });

  const deletedEarly = async (options: WorldOptions = {}) => {
    const stage = await createStage(options);
    const [first, second] = [stage.replica('first'), stage.replica('second')];
    const held = stage.hold(/^first pushManifest index/);
    const pushing = stage.beginPush(first, a, 'one');
    await stage.untilReached(held);
    expect(await stage.withdraw(second, a)).toBe('done');
    expect(await stage.push(second, a, 'two')).toBe('done');
    held.release();
    return [await stage.until(pushing), await stage.read(first), await stage.read(second), await stage.read()];
  };

  it('a push is deleted before it is acknowledged, then other bytes are pushed', async () => {
    expect(await deletedEarly()).toEqual(['PACKAGE_WITHDRAWN', ['a two'], ['a two'], ['a two']]);
  });

  it('…of which a replica that believed its memory before a tombstone would know nothing', async () => {
    expect(await deletedEarly({ sabotage: seesNoTombstones('first') })).not.toEqual([
      'PACKAGE_WITHDRAWN',
      ['a two'],
      ['a two'],
      ['a two'],
    ]);
  });

  it('a put lands after its time-out, when the retry has long been acknowledged and deleted', async () => {
    let puts = 0;
    const stage = await createStage({ isLatePut: (_replica, tag) => tag.includes('-p-') && puts++ === 0 });
    const replica = stage.replica('only');
    const late = stage.hold(/^late put/);
    expect(await stage.push(replica, a, 'one')).toBe('STORE_UNAVAILABLE');
    expect(await stage.push(replica, a, 'two')).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    expect([await stage.read(replica), await stage.read()]).toEqual([['a two'], ['a two']]);
    expect(await stage.withdraw(replica, a)).toBe('done');
    expect([await stage.read(replica), await stage.read()]).toEqual([[], []]);
  });

  const lateLookup = async (ageMs: number) => {
    let isBehind = false;
    const stage = await createStage({
      sabotage: sabotaged((image) => ({
        tags: async (options) =>
          isBehind ? (await image.tags(options)).filter((tag) => !tag.includes('-p-a-')) : image.tags(options),
        resolve: async (reference, options) =>
          isBehind && reference.includes('-p-a-') ? undefined : image.resolve(reference, options),
      })),
    });
    const [first, second] = [stage.replica('first'), stage.replica('second')];
    await stage.push(first, a);
    await stage.read(second);
    stage.world.pass(ageMs);
    isBehind = true;
    expect(await stage.push(second, b)).toBe('done');
    const once = [await stage.read(first), await stage.read(second)];
    stage.world.pass(310_000);
    return [once, [await stage.read(first), await stage.read(second)]];
  };

  it.each([40_000, 4_000_000])(
    'a 404 by name and a listing without it: a package that the index lists stays until both are repeated, after %i ms',
    async (ageMs) => {
      const both = ['a one', 'b one'];
      expect(await lateLookup(ageMs)).toEqual([
        [both, both],
        [['b one'], ['b one']],
      ]);
    },
  );

  const deadDeleter = async (options: WorldOptions) => {
    const stage = await createStage(options);
    const [dying, lasting, reading] = ['dying', 'lasting', 'reading'].map((id) => stage.replica(id)) as Three;
    await stage.push(lasting, a);
    await stage.push(lasting, b);
    await stage.read(reading);
    const held = stage.hold(/^dying pushManifest index/);
    void stage.beginWithdraw(dying, a);
    await stage.untilReached(held);
    dying.isDead = true;
    stage.world.pass(61_000);
    const seen = await stage.read(reading);
    await stage.push(lasting, c);
    return { seen, after: await stage.read(lasting) };
  };

  it.each(['tag', 'digest', 'unsupported'] as const)(
    'a deleter dies before it publishes, where the registry can delete: %s',
    async (deletes) => {
      expect(await deadDeleter({ deletes })).toEqual({ seen: ['b one'], after: ['b one', 'c one'] });
    },
  );

  it('…which whoever does not compare again goes on listing', async () => {
    expect((await deadDeleter({ sabotage: listsOnce('reading') })).seen).toEqual(['a one', 'b one']);
  });

  it('a set swings about a width threshold: every replica cuts alike, and unchanged runs are kept', () => {
    const files = Array.from({ length: 3626 }, (_, i) => {
      const pkg = aRecord({ name: `pkg${i}` });
      return indexedPackage(pkg, [packageTagOf(aGroup(), { ...pkg, identity: pkg.entry.identity }, '1mnbe8000000a')]);
    });
    let swinging = buildIndexContent(at, files.slice(0, 3615).sort(compareIndexed), []);
    const widths = new Set<number>();
    for (const count of [3616, 3621, 3619, 3622, 3620, 3626, 3618]) {
      const sorted = files.slice(0, count).sort(compareIndexed);
      const before = swinging;
      swinging = buildIndexContent(at, sorted, before.runs);
      const anew = buildIndexContent(at, sorted, []);
      expect(Buffer.concat(contentPieces(swinging)).equals(Buffer.concat(contentPieces(anew)))).toBe(true);
      const kept = swinging.runs.filter((run) => before.runs.includes(run));
      const isSameWidth = Math.abs(before.runs.length - swinging.runs.length) <= 1;
      if (isSameWidth) expect(kept.length).toBeGreaterThan(swinging.runs.length / 2);
      widths.add(Math.round(swinging.runs.length / 10));
    }
    expect(widths.size).toBeGreaterThan(1);
  });

  it('identical bytes are pushed while the first push of them is being withdrawn', async () => {
    const stage = await createStage();
    const [first, rival, twin] = [stage.replica('first'), stage.replica('rival'), stage.replica('twin')];
    // The rival has the name; the first push of "one" finds that out only after the twin has seen its tag.
    const rivalHeld = stage.hold(/^rival pushManifest .*-p-/);
    const rivalPush = stage.beginPush(rival, a, 'two');
    await stage.untilReached(rivalHeld);
    const firstHeld = stage.hold(/^first answer to pushManifest .*-p-/);
    const firstPush = stage.beginPush(first, a, 'one');
    await stage.untilReached(firstHeld);
    const twinHeld = stage.hold(/^twin finishUpload/);
    const twinPush = stage.beginPush(twin, a, 'one', 'skip');
    await stage.untilReached(twinHeld);
    rivalHeld.release();
    firstHeld.release();
    const answers = [await stage.until(firstPush), await stage.until(rivalPush)];
    twinHeld.release();
    answers.push(await stage.until(twinPush));
    const isOne = answers[0] === 'done' || answers[2] === 'unchanged';
    expect(answers.filter((answer) => answer === 'PACKAGE_EXISTS').length).toBeGreaterThan(0);
    expect(isOne && answers[1] === 'done').toBe(false);
    const expected = isOne ? ['a one'] : answers[1] === 'done' ? ['a two'] : [];
    expect([await stage.read(first), await stage.read()]).toEqual([expected, expected]);
  });
});
