import { describe, expect, it } from 'vitest';
import { withGarbage } from './odd-answers.ts';
import { at, caller } from './scenario.ts';
import { createStage, simulated } from './stage.ts';

const { a, b, c } = simulated;

describe('a look', () => {
  it('lists after it has read the index: what it compared with an older listing would be served again', async () => {
    let isLate = false;
    const stage = await createStage({
      isLatePut: (replica, tag) => isLate && replica.id === 'dying' && tag.startsWith('index-'),
    });
    const [dying, lasting, reading] = ['dying', 'lasting', 'reading'].map((id) => stage.replica(id));
    await stage.push(lasting!, a);
    const late = stage.hold(/^late put/);
    isLate = true;
    void stage.beginPush(dying!, b);
    await stage.untilReached(late);
    dying!.isDead = true;
    const listing = stage.hold(/^reading answer to tags/);
    const first = reading!.repositories.openIndex(at, 'x86_64', caller);
    await stage.untilReached(listing);
    expect(await stage.push(lasting!, c)).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    listing.release();
    await stage.until(first);
    expect(await stage.read(reading)).toEqual(['a one', 'b one', 'c one']);
  });

  it('by a reader hides nothing that only a listing shows, though a front end says odd things for a moment', async () => {
    const stage = await createStage({
      sabotage: (store, { id }) => (id === 'reading' ? withGarbage(store, /-p-/u, 2) : store),
      isLatePut: ({ id }, tag) => id === 'dying' && tag.startsWith('index-'),
    });
    const [dying, reading] = ['dying', 'reading'].map((id) => stage.replica(id));
    const late = stage.hold(/^late put/);
    void stage.beginPush(dying!, a);
    await stage.untilReached(late);
    dying!.isDead = true;
    expect(await stage.read(reading)).toEqual(['a one']);
  });

  it('at a contested name begins anew where the index has changed: what that says of the name is decisive', async () => {
    const stage = await createStage({ isLatePut: (replica, tag) => replica.id === 'dying' && tag.includes('-p-') });
    const [dying, lasting, slow] = ['dying', 'lasting', 'slow'].map((id) => stage.replica(id));
    const late = stage.hold(/^late put/);
    void stage.beginPush(dying!, a, 'two');
    await stage.untilReached(late);
    dying!.isDead = true;
    const put = stage.hold(/^slow answer to pushManifest .*-p-/);
    const pushing = stage.beginPush(slow!, b);
    await stage.untilReached(put);
    const listing = stage.hold(/^slow tags/);
    put.release();
    await stage.untilReached(listing);
    expect(await stage.push(lasting!, a)).toBe('done');
    late.release();
    await stage.world.runUntil(() => stage.world.settled());
    listing.release();
    expect(await stage.until(pushing)).toBe('done');
    expect(await stage.read()).toEqual(['a one', 'b one']);
  });
});
