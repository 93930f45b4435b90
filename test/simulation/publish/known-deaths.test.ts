import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Store } from '../../../src/store/store.ts';
import { withChangedImages } from './changed-images.ts';
import { at, caller, stable } from './scenario.ts';
import { createStage, loseBytes, simulated, tagsOf, type Stage } from './stage.ts';
import type { Replica } from './world.ts';

const { a, b, c, shared } = simulated;

describe('a push', () => {
  it('holds no name that was deleted since it looked: whoever saw the rival may be about to bury its tag', async () => {
    const stage = await createStage();
    const [dying, slow, burying] = ['dying', 'slow', 'burying'].map((id) => stage.replica(id));
    const putting = stage.hold(/^slow pushManifest .*-p-/);
    const pushing = stage.beginPush(slow!, a, 'two');
    await stage.untilReached(putting);
    expect(await stage.push(dying!, a, 'one')).toBe('done');
    const looking = stage.hold(/^slow (resolve|fetchManifest) index-/);
    putting.release();
    await stage.untilReached(looking);
    expect(await stage.push(burying!, b)).toBe('done');
    stage.world.pass(2_000);
    const burial = stage.hold(/^burying pushManifest .*-d-/);
    const clearing = stage.beginPush(burying!, c);
    await stage.untilReached(burial);
    // Its tombstone stands, and no other tag was looked for.
    const deleted = stage.hold(/^dying answer to pushManifest .*-d-/);
    void stage.beginWithdraw(dying!, a);
    await stage.untilReached(deleted);
    dying!.isDead = true;
    looking.release();
    expect(await stage.until(pushing)).toBe('PACKAGE_WITHDRAWN');
    burial.release();
    expect(await stage.until(clearing)).toBe('done');
    expect(await stage.read()).toEqual(['b one', 'c one']);
  });

  it('that slept for an hour holds nothing any more: what was deleted meanwhile may be forgotten', async () => {
    const stage = await createStage();
    const slow = stage.replica('slow');
    const looking = stage.hold(/^slow (resolve|fetchManifest) index-/);
    const pushing = stage.beginPush(slow, a);
    await stage.untilReached(looking);
    const put = stage.hold(/^slow answer to pushManifest .*-p-/);
    looking.release();
    await stage.untilReached(put);
    stage.world.suspend(slow, 3_700_000);
    put.release();
    expect(await stage.until(pushing)).toBe('PUBLISH_TIMEOUT');
    stage.world.pass(60_000);
    expect(await stage.read()).toEqual([]);
  });

  it('that was refused is listed by its own gateway no more, though no index was ever put and the registry is away', async () => {
    const stage = await createStage();
    const [pushing, deleting] = [stage.replica('pushing'), stage.replica('deleting')];
    const put = stage.hold(/^pushing answer to pushManifest .*-p-/);
    const begun = stage.beginPush(pushing, shared);
    await stage.untilReached(put);
    expect(await stage.read(pushing)).toEqual(['shared one']);
    expect(await stage.withdraw(deleting, shared)).toBe('done');
    put.release();
    expect(await stage.until(begun)).toBe('PACKAGE_WITHDRAWN');
    stage.world.troubles.begin('fault', 60_000);
    expect(await stage.read(pushing)).toEqual([]);
  });

  it('is told that it was deleted once no index lists it, though the deletion was broken off', async () => {
    // The tombstone is put, and nobody learns that it is.
    const stage = await createStage({ halfDonePuts: { 5: 'unanswered' } });
    const only = stage.replica('only');
    expect(await stage.push(only, b)).toBe('done');
    const put = stage.hold(/^only answer to pushManifest index-/);
    const begun = stage.beginPush(only, a);
    await stage.untilReached(put);
    expect(await stage.withdraw(only, a)).toBe('STORE_UNAVAILABLE');
    put.release();
    expect(await stage.until(begun)).toBe('PACKAGE_WITHDRAWN');
    expect(await stage.read(only)).toEqual(['b one']);
  });

  it.each([
    ['', { deletes: 'tag' }],
    [
      ', though the registry loses three times what buries them',
      { deletes: 'unsupported', halfDonePuts: { 4: 'lost', 5: 'lost', 6: 'lost' } },
    ],
  ] as const)('of several files of which one was deleted meanwhile leaves none of them%s', async (_when, options) => {
    const stage = await createStage(options);
    const [pushing, deleting] = ['pushing', 'deleting'].map((id) => stage.replica(id));
    const looking = stage.hold(/^pushing (resolve|fetchManifest) index-/);
    const begun = stage.beginPush(pushing!, [a, b]);
    await stage.untilReached(looking);
    const before = stage.hold(/^pushing answer to pushManifest .*-p-/);
    looking.release();
    await stage.untilReached(before);
    const again = stage.hold(/^pushing (resolve|fetchManifest) index-/);
    before.release();
    await stage.untilReached(again);
    expect(await stage.withdraw(deleting!, a)).toBe('done');
    again.release();
    expect(await stage.until(begun)).toBe('PACKAGE_WITHDRAWN');
    expect(await stage.read()).toEqual([]);
  });

  it('of several files is acknowledged where one was deleted and pushed anew, though that deletion failed', async () => {
    let lostIndexes = 0;
    let isLosing = true;
    const stage = await createStage({
      isLatePut: ({ id }, tag) => {
        if (id === 'pushing' && tag.startsWith('index-') && isLosing) lostIndexes += 1;
        return tag.startsWith('index-') ? isLosing : tag.includes('-d-');
      },
    });
    stage.hold(/^late put/);
    const [pushing, deleting] = ['pushing', 'deleting'].map((id) => stage.replica(id));
    const hasTriedTwice = async () => {
      const before = lostIndexes;
      await stage.world.runUntil(() => lostIndexes > before + 1);
    };
    const first = stage.beginPush(pushing!, [a, b]);
    await hasTriedTwice();
    // Its tag is removed, and no tombstone tells of that.
    expect(await stage.withdraw(deleting!, a)).toBe('STORE_UNAVAILABLE');
    const second = stage.beginPush(pushing!, a, 'two');
    await stage.world.runUntil(() => tagsOf(stage, '-p-a-').length === 1);
    await hasTriedTwice();
    isLosing = false;
    expect(await stage.until(Promise.all([first, second]))).toEqual(['done', 'done']);
    expect(await stage.read()).toEqual(['a two', 'b one']);
  });

  it('is not acknowledged because of an index alone, where its tag was lost on the way', async () => {
    const stage = await createStage();
    const pushing = stage.replica('pushing');
    stage.world.troubles.backUp();
    const putting = stage.hold(/^pushing pushManifest index-/);
    const begun = stage.beginPush(pushing, a);
    await stage.untilReached(putting);
    stage.world.troubles.restore(0);
    putting.release();
    expect(await stage.until(begun)).toBe('PUBLISH_TIMEOUT');
  });

  it('that failed takes no name, however late its put lands', async () => {
    const stage = await createStage({ isLatePut: ({ id }, tag) => id === 'failing' && tag.includes('-p-') });
    const [failing, other] = ['failing', 'other'].map((id) => stage.replica(id));
    const late = stage.hold(/^late put/);
    expect(await stage.push(failing!, a)).toBe('STORE_UNAVAILABLE');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    expect(await stage.push(other!, a, 'two')).toBe('done');
  });

  it('is not acknowledged because of an index that the registry took and does not have', async () => {
    const stage = await createStage({ halfDonePuts: { 3: 'lost' } });
    const [first, second] = ['first', 'second'].map((id) => stage.replica(id));
    expect(await stage.push(first!, a)).toBe('done');
    expect(await stage.push(second!, b)).toBe('done');
    expect(await stage.read(first)).toEqual(['a one', 'b one']);
  });

  it('of what is there brings back a file that the registry has lost', async () => {
    const stage = await createStage();
    const [first, second] = ['first', 'second'].map((id) => stage.replica(id));
    expect(await stage.push(first!, a)).toBe('done');
    const digest = loseBytes(stage, '-p-a-');
    await stage.push(second!, a, 'one', 'skip');
    expect(stage.world.images.get(at.image)!.blobs.has(digest)).toBe(true);
    expect(tagsOf(stage, '-p-a-').length).toBeGreaterThan(0);
  });

  it('is not told that it changes nothing because of a tag that the registry has lost since it was listed', async () => {
    const stage = await createStage();
    const [first, second] = ['first', 'second'].map((id) => stage.replica(id));
    stage.world.troubles.backUp();
    expect(await stage.push(first!, a)).toBe('done');
    const free = stage.hold(/^second answer to tags/);
    const again = stage.beginPush(second!, a, 'one', 'skip');
    await stage.untilReached(free);
    free.release();
    const [index, listing] = [/^second answer to resolve index/, /^second answer to tags/].map((one) =>
      stage.hold(one),
    );
    await stage.untilReached(index!);
    await stage.untilReached(listing!);
    stage.world.troubles.restore(0);
    index!.release();
    listing!.release();
    expect(await stage.until(again)).toBe('done');
    expect(await stage.read()).toEqual(['a one']);
  });
});

describe('a delete', () => {
  it('is proof: an old index that lands after it brings nothing back', async () => {
    let isLate = false;
    const stage = await createStage({
      isLatePut: (replica, tag) => isLate && replica.id === 'dying' && tag.startsWith('index-'),
    });
    const [dying, lasting] = ['dying', 'lasting'].map((id) => stage.replica(id));
    expect(await stage.push(lasting!, a)).toBe('done');
    isLate = true;
    const late = stage.hold(/^late put/);
    void stage.beginPush(dying!, b);
    await stage.untilReached(late);
    dying!.isDead = true;
    expect(await stage.withdraw(lasting!, a)).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    expect([await stage.read(lasting), await stage.read()]).toEqual([['b one'], ['b one']]);
  });

  it('is answered only once no index lists it, though the registry lost one and says for a moment that there is none', async () => {
    let asked = 0;
    const forgets = (store: Store, { id }: Replica): Store =>
      withChangedImages(store, (front) => ({
        async fetchManifest(reference, call) {
          const found = await front.fetchManifest(reference, call);
          return id === 'deleting' && reference.startsWith('index-v1-main-x86_64') && asked++ === 1 ? undefined : found;
        },
      }));
    const stage = await createStage({ halfDonePuts: { 5: 'lost' }, sabotage: forgets });
    const [deleting, reading] = ['deleting', 'reading'].map((id) => stage.replica(id));
    expect(await stage.push(reading!, [a, b])).toBe('done');
    expect(await stage.read(reading)).toEqual(['a one', 'b one']);
    expect(await stage.withdraw(deleting!, a)).toBe('done');
    expect([asked, await stage.read(reading)]).toEqual([3, ['b one']]);
  });

  it('is answered only where the registry has what tells of the death', async () => {
    const stage = await createStage({ deletes: 'unsupported', halfDonePuts: { 4: 'lost', 5: 'lost' } });
    const only = stage.replica('only');
    expect(await stage.push(only, [a, b])).toBe('done');
    expect(await stage.withdraw(only, a)).toBe('done');
    expect(await stage.read()).toEqual(['b one']);
  });

  it('is not undone by an answer that is the index of another repository', async () => {
    let odd = 0;
    const stage: Stage = await createStage({
      sabotage: (store, { id }) =>
        withChangedImages(store, (front) => ({
          fetchManifest: (reference, call) => {
            const isOdd = id === 'cold' && reference.startsWith('index-v1-main') && odd-- > 0;
            return front.fetchManifest(isOdd ? tagsOf(stage, 'index-v1-stable')[0]! : reference, call);
          },
        })),
    });
    const [first, cold] = [stage.replica('first'), stage.replica('cold')];
    await stage.push(first, [a, b]);
    await stage.until(first.repositories.promote({ from: at, to: stable, packages: ['b'] }, caller));
    await stage.until(first.repositories.deleteFiles(at, { files: ['x86_64/b-1.0-r0.apk'] }, caller));
    odd = 1;
    expect(await stage.read(cold)).toEqual(['a one']);
    odd = 1;
    expect(await stage.push(cold, c)).toBe('done');
    expect([await stage.read(first), await stage.read()]).toEqual([
      ['a one', 'c one'],
      ['a one', 'c one'],
    ]);
  });

  it('takes what is pushed of that file while it is under way', async () => {
    const stage = await createStage();
    const [first, deleting, second] = ['first', 'deleting', 'second'].map((id) => stage.replica(id));
    expect(await stage.push(first!, a)).toBe('done');
    const removed = stage.hold(/^deleting answer to pushManifest .*-d-/);
    const begun = stage.beginWithdraw(deleting!, a);
    await stage.untilReached(removed);
    const put = stage.hold(/^second answer to pushManifest .*-p-/);
    const pushing = stage.beginPush(second!, a);
    await stage.untilReached(put);
    removed.release();
    expect(await stage.until(begun)).toBe('done');
    expect(await stage.read()).toEqual([]);
    put.release();
    expect(await stage.until(pushing)).toBe('PACKAGE_WITHDRAWN');
    expect(await stage.read()).toEqual([]);
  });
});

describe('a tag', () => {
  it('that was missing for long and is there again lives again', async () => {
    const stage = await createStage();
    const [first, reading] = ['first', 'reading'].map((id) => stage.replica(id));
    expect(await stage.push(first!, a)).toBe('done');
    expect(await stage.read(reading)).toEqual(['a one']);
    const { tags } = stage.world.images.get(at.image)!;
    const [tag, digest] = [...tags].find(([name]) => name.includes('-p-a-'))!;
    tags.delete(tag);
    stage.world.pass(61_000);
    expect(await stage.read(reading)).toEqual(['a one']);
    stage.world.pass(310_000);
    expect(await stage.read(reading)).toEqual([]);
    tags.set(tag, digest);
    expect(await stage.read(reading)).toEqual(['a one']);
  });

  /** Of a push that died; it was made before all else and lands when it is told to. */
  const anOrphan = async (stage: Stage) => {
    const late = stage.hold(/^late put .*-p-/);
    const dying = stage.replica('dying');
    void stage.beginPush(dying, a, 'two');
    await stage.untilReached(late);
    dying.isDead = true;
    return async () => {
      late.release();
      await stage.world.runUntil(() => stage.world.settled());
    };
  };

  it('whose tombstone the registry lost is buried again by whoever buried it, when they publish next', async () => {
    let isDamaged = true;
    const losesTombstones = (store: Store, { id }: Replica): Store =>
      withChangedImages(store, (front) => ({
        async pushManifest(tag, manifest, call) {
          if (id !== 'early' || !isDamaged || !tag.includes('-d-'))
            return await front.pushManifest(tag, manifest, call);
          if (tag.includes('-a-')) return digestOf(manifest.bytes);
          throw new GatewayError('STORE_UNAVAILABLE', 'the registry fails');
        },
      }));
    const stage = await createStage({ deletes: 'unsupported', sabotage: losesTombstones });
    const [early, late] = ['early', 'late'].map((id) => stage.replica(id)) as [Replica, Replica];
    const put = stage.hold(/^early pushManifest .*-p-a-/);
    const losing = stage.beginPush(early, [a, c]);
    await stage.untilReached(put);
    expect(await stage.push(late, a, 'two')).toBe('done');
    put.release();
    expect(await stage.until(losing)).toBe('PUBLISH_TIMEOUT');
    isDamaged = false;
    expect(tagsOf(stage, '-d-a-')).toEqual([]);
    expect(await stage.push(early, b)).toBe('done');
    expect(tagsOf(stage, '-d-a-')).toHaveLength(1);
  });

  it('that lost its name is buried by whoever publishes next', async () => {
    const stage = await createStage({ isLatePut: (replica, tag) => replica.id === 'dying' && tag.includes('-p-') });
    const land = await anOrphan(stage);
    const lasting = stage.replica('lasting');
    expect(await stage.push(lasting, a)).toBe('done');
    await land();
    expect(await stage.push(lasting, b)).toBe('done');
    stage.world.pass(2_000);
    expect(await stage.push(lasting, c)).toBe('done');
    expect(tagsOf(stage, '-d-a-')).toHaveLength(1);
  });

  it('that was held stays so to whoever has seen it, though an older index comes back', async () => {
    const stage = await createStage({
      isLatePut: ({ id }, tag) => (id === 'dying' && tag.includes('-p-')) || (id === 'old' && tag.startsWith('index-')),
    });
    const land = await anOrphan(stage);
    const [old, lasting, reading] = ['old', 'lasting', 'reading'].map((id) => stage.replica(id));
    const oldIndex = stage.hold(/^late put index-/);
    void stage.beginPush(old!, b);
    await stage.untilReached(oldIndex);
    old!.isDead = true;
    expect(await stage.push(lasting!, a)).toBe('done');
    expect(await stage.read(reading)).toEqual(['a one', 'b one']);
    oldIndex.release();
    await land();
    expect(await stage.read(reading)).toEqual(['a one', 'b one']);
  });
});
