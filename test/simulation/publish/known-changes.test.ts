import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/errors.ts';
import { at, caller, stable } from './scenario.ts';
import { createStage, loseBytes, simulated } from './stage.ts';
import type { Replica } from './world.ts';

type Three = [Replica, Replica, Replica];

const { a, b, newerA } = simulated;
const path = (name: string) => `x86_64/${name}-1.0-r0.apk`;

/** What a change told of its packages, or the code of its fault. */
async function told(
  change: Promise<{ packages: readonly { outcome: string }[] }>,
): Promise<readonly string[] | string> {
  try {
    return (await change).packages.map(({ outcome }) => outcome);
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
}

const verbs = {
  withdraw: ({ repositories }: Replica) => told(repositories.withdrawFiles(at, { files: [path('a')] }, caller)),
  restore: ({ repositories }: Replica) => told(repositories.restoreFiles(at, { files: [path('a')] }, caller)),
  delete: ({ repositories }: Replica) => told(repositories.deleteFiles(at, { files: [path('a')] }, caller)),
  'delete now': ({ repositories }: Replica) =>
    told(repositories.deleteFiles(at, { files: [path('a')] }, caller, { isNow: true })),
  promote: ({ repositories }: Replica) => told(repositories.promote({ from: at, to: stable, packages: ['a'] }, caller)),
  move: ({ repositories }: Replica) =>
    told(repositories.promote({ from: at, to: stable, packages: ['a'] }, caller, { isMove: true })),
};

describe('changes known to be bad', () => {
  it.each([
    ['withdraw', 'withdraw', ['unchanged']],
    ['withdraw', 'delete', ['deleted']],
    ['delete', 'delete now', ['deleted']],
    ['delete', 'delete', ['unchanged']],
    ['move', 'move', ['unchanged']],
  ] as const)(
    'a package is gone for whoever was told so, though the %s that took it has put no index yet: %s',
    async (first, second, answer) => {
      const stage = await createStage();
      const [slow, quick, reading] = ['slow', 'quick', 'reading'].map((id) => stage.replica(id)) as Three;
      await stage.push(slow, [a, b]);
      await stage.read(reading);
      const held = stage.hold(/^slow pushManifest index-v1-main/);
      const slowly = verbs[first](slow);
      await stage.untilReached(held);
      expect(await stage.until(verbs[second](quick))).toEqual(answer);
      expect([await stage.read(reading), await stage.read()]).toEqual([['b one'], ['b one']]);
      held.release();
      await stage.until(slowly);
    },
  );

  it('a deletion of what is withdrawn takes what is restored meanwhile', async () => {
    const stage = await createStage();
    const [deleting, restoring] = [stage.replica('deleting'), stage.replica('restoring')];
    await stage.push(deleting, [a, b]);
    await stage.until(verbs.withdraw(deleting));
    const held = stage.hold(/^deleting deleteTag/);
    const deleted = verbs.delete(deleting);
    await stage.untilReached(held);
    expect(await stage.until(verbs.restore(restoring))).toEqual(['restored']);
    held.release();
    expect(await stage.until(deleted)).toEqual(['deleted']);
    expect([await stage.read(restoring), await stage.read()]).toEqual([['b one'], ['b one']]);
  });

  it('nothing is restored of what was deleted before it was put', async () => {
    const stage = await createStage();
    const [deleting, restoring] = [stage.replica('deleting'), stage.replica('restoring')];
    await stage.push(deleting, [a, b]);
    await stage.until(verbs.withdraw(deleting));
    const held = stage.hold(/^restoring pushManifest .*-p-a-/);
    const restored = verbs.restore(restoring);
    await stage.untilReached(held);
    expect(await stage.until(verbs.delete(deleting))).toEqual(['deleted']);
    held.release();
    expect(await stage.until(restored)).toBe('PACKAGE_WITHDRAWN');
    expect([await stage.read(restoring), await stage.read()]).toEqual([['b one'], ['b one']]);
  });

  it('nothing is restored of what was deleted for good before it was put, though a slow deletion keeps it once more', async () => {
    const stage = await createStage();
    const [slow, deleting, restoring] = ['slow', 'deleting', 'restoring'].map((id) => stage.replica(id)) as Three;
    await stage.push(deleting, [a, b]);
    const [keeping, restored] = [/^slow pushManifest .*-k-a-/, /^restoring pushManifest .*-p-a-/].map((label) =>
      stage.hold(label),
    );
    const slowly = verbs.delete(slow);
    await stage.untilReached(keeping!);
    expect(await stage.until(verbs.delete(deleting))).toEqual(['deleted']);
    const back = verbs.restore(restoring);
    await stage.untilReached(restored!);
    expect(await stage.until(verbs['delete now'](deleting))).toEqual(['deleted']);
    keeping!.release();
    await stage.until(slowly);
    restored!.release();
    expect(await stage.until(back)).toBe('PACKAGE_WITHDRAWN');
    expect([await stage.read(restoring), await stage.read()]).toEqual([['b one'], ['b one']]);
  });

  it('what was withdrawn is deleted only where the registry has what says so', async () => {
    const stage = await createStage({ deletes: 'unsupported', halfDonePuts: { 6: 'lost' } });
    const only = stage.replica('only');
    await stage.push(only, [a, b]);
    await stage.until(verbs.withdraw(only));
    expect(await stage.until(verbs.delete(only))).toBe('STORE_UNAVAILABLE');
    expect(await stage.until(verbs.delete(only))).toEqual(['deleted']);
    expect(await stage.until(verbs.restore(only))).toBe('PACKAGE_UNKNOWN');
  });

  it('what is restored in part only is not listed, though the registry lost what buried it', async () => {
    const stage = await createStage({ deletes: 'unsupported', halfDonePuts: { 12: 'lost' } });
    const [only, newcomer] = [stage.replica('only'), stage.replica('newcomer')];
    await stage.push(only, [a, b]);
    const files = [path('a'), path('b')];
    const withdrawn = only.repositories.withdrawFiles(at, { files }, caller);
    expect(await stage.until(told(withdrawn))).toEqual(['withdrawn', 'withdrawn']);
    loseBytes(stage, '-w-b-');
    expect(await stage.until(told(only.repositories.restoreFiles(at, { files }, caller)))).toBe('PACKAGE_UNKNOWN');
    expect([await stage.read(newcomer), await stage.read()]).toEqual([[], []]);
    expect(await stage.push(newcomer, newerA)).toBe('done');
    expect(await stage.read()).toEqual(['a-2.0-r0 one']);
  });

  it('two who restore what was deleted before they put it prove nothing to each other', async () => {
    const stage = await createStage();
    const [deleting, one, other] = ['deleting', 'one', 'other'].map((id) => stage.replica(id)) as Three;
    await stage.push(deleting, [a, b]);
    await stage.until(verbs.withdraw(deleting));
    const held = [one, other].map(({ id }) => stage.hold(new RegExp(`^${id} pushManifest .*-p-a-`)));
    const restored = [one, other].map(verbs.restore);
    for (const each of held) await stage.untilReached(each);
    expect(await stage.until(verbs.delete(deleting))).toEqual(['deleted']);
    for (const each of held) each.release();
    const both = await stage.until(Promise.all(restored));
    expect(both).toEqual(['PACKAGE_WITHDRAWN', 'PACKAGE_WITHDRAWN']);
    expect([await stage.read(one), await stage.read()]).toEqual([['b one'], ['b one']]);
  });

  it('two restore the same at once, and both are told so', async () => {
    const stage = await createStage();
    const [first, second] = [stage.replica('first'), stage.replica('second')];
    await stage.push(first, [a, b]);
    await stage.until(verbs.withdraw(first));
    const held = stage.hold(/^second pushManifest .*-p-a-/);
    const late = verbs.restore(second);
    await stage.untilReached(held);
    expect(await stage.until(verbs.restore(first))).toEqual(['restored']);
    held.release();
    expect(await stage.until(late)).toEqual(['restored']);
    expect(await stage.read()).toEqual(['a one', 'b one']);
  });

  it('"unchanged" is listed, though whoever restores it has put no index yet', async () => {
    const stage = await createStage();
    const [slow, quick, reading] = ['slow', 'quick', 'reading'].map((id) => stage.replica(id)) as Three;
    await stage.push(slow, [a, b]);
    await stage.until(verbs.withdraw(slow));
    await stage.read(reading);
    const held = stage.hold(/^slow pushManifest index/);
    const slowly = verbs.restore(slow);
    await stage.untilReached(held);
    await stage.until(verbs.restore(quick));
    expect([await stage.read(reading), await stage.read()]).toEqual([
      ['a one', 'b one'],
      ['a one', 'b one'],
    ]);
    held.release();
    await stage.until(slowly);
  });

  it('nothing is promoted whose bytes a deletion let be collected just before it was put', async () => {
    const stage = await createStage();
    const [deleting, slow] = [stage.replica('deleting'), stage.replica('slow')];
    await stage.push(deleting, [a, b]);
    const held = stage.hold(/^slow pushManifest .*-p-a-/);
    const slowly = verbs.promote(slow);
    await stage.untilReached(held);
    expect(await stage.until(verbs['delete now'](deleting))).toEqual(['deleted']);
    stage.world.troubles.collect();
    held.release();
    expect(await stage.until(slowly)).toBe('PACKAGE_UNKNOWN');
    expect(await stage.read()).toEqual(['b one']);
  });

  it.each(['a move', 'a pruning'])('%s takes nothing that was pushed since it looked', async (what) => {
    const stage = await createStage();
    const [slow, quick] = [stage.replica('slow'), stage.replica('quick')];
    await stage.push(quick, [a, b]);
    if (what === 'a pruning') await stage.push(quick, newerA);
    await stage.read(slow);
    let held = stage.hold(what === 'a move' ? /^slow pushManifest index-v1-stable/ : /^slow tags/);
    const changed = what === 'a move' ? verbs.move(slow) : told(slow.repositories.prune(at, { keep: 1 }, caller));
    await stage.untilReached(held);
    // A pruning looks, which takes two listings, and looks again before it deletes.
    for (let i = 0; i < 2 && what === 'a pruning'; i += 1) {
      held.release();
      held = stage.hold(/^slow tags/);
      await stage.untilReached(held);
    }
    await stage.withdraw(quick, a);
    await stage.push(quick, a, 'two');
    held.release();
    expect(await stage.until(changed)).toEqual([what === 'a move' ? 'promoted' : 'kept']);
    expect(await stage.read()).toContain('a two');
  });
});
