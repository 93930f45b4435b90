import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { indexTag } from '../../../../src/repository/artifacts/package-tag.ts';
import { aCaller, aClock, aGroup, aReplica, at, listedBy, someRandom } from '../../../support/a-repository.ts';
import { createRecordingStore, type MemoryStoreOptions } from '../../../support/memory-store.ts';

const dayMs = 24 * 60 * 60_000;

function aWorld(options: MemoryStoreOptions = {}) {
  const clock = aClock();
  const { store, calls } = createRecordingStore(options);
  const replica = aReplica({ store, clock });
  const prune = (policy: Parameters<typeof replica.repositories.prune>[1], isDryRun = false) =>
    clock.until(replica.repositories.prune(at, policy, aCaller('ann'), { isDryRun }));
  const indexPuts = () =>
    calls.filter(({ operation, reference }) => operation === 'pushManifest' && reference === indexTag(aGroup()));
  return { clock, store, replica, prune, calls, indexPuts };
}

const night = (name: string, n: number, depends: readonly string[] = []) => ({
  name,
  version: `1.0_git${20260901 + n}-r0`,
  depends,
});

describe('pruning a repository', () => {
  it('deletes 1,500 of 1,600 in one change of the index', async () => {
    const { replica, prune, indexPuts, clock } = aWorld();
    const all = Array.from({ length: 1600 }, (_, i) => night(`nightly${i % 10}`, Math.floor(i / 10)));
    await replica.push(all);
    const before = indexPuts().length;
    const change = await prune({ keep: 10 });
    expect(change.packages.filter(({ outcome }) => outcome === 'deleted')).toHaveLength(1500);
    expect(indexPuts().length - before).toBe(1);
    expect(await listedBy(clock, replica)).toHaveLength(100);
  }, 120_000);

  it('says what it would do, and does nothing, as a dry run', async () => {
    const { replica, prune, clock } = aWorld();
    await replica.push([0, 1, 2].map((n) => night('app', n)));
    const change = await prune({ keep: 2 }, true);
    expect(change).toMatchObject({ isDryRun: true, notes: ['2 of 3 packages stay'] });
    expect(change.packages.map(({ fileName, outcome }) => [fileName, outcome])).toEqual([
      ['app-1.0_git20260901-r0.apk', 'deleted'],
    ]);
    expect(await listedBy(clock, replica)).toHaveLength(3);
  });

  it('goes by when packages were pushed', async () => {
    const { replica, prune, clock } = aWorld();
    await replica.push([night('app', 0)]);
    clock.pass(20 * dayMs);
    await replica.push([night('app', 1), night('app', 2)]);
    clock.pass(20 * dayMs);
    expect((await prune({ olderThanMs: 30 * dayMs })).packages).toHaveLength(1);
    expect(await listedBy(clock, replica)).toEqual(['app-1.0_git20260902-r0', 'app-1.0_git20260903-r0']);
  });

  it('keeps what is needed, and says who needs it', async () => {
    const { replica, prune, clock } = aWorld();
    await replica.push([...[0, 1, 2].map((n) => night('lib', n)), night('app', 0, ['lib=1.0_git20260901-r0'])]);
    const { packages } = await prune({ keep: 1 });
    expect(packages.map(({ name, outcome, reason }) => [name, outcome, reason])).toEqual([
      ['lib', 'kept', 'app-1.0_git20260901-r0.apk needs it'],
      ['lib', 'deleted', '1 newer version, pushed less than a minute ago'],
    ]);
    expect(await listedBy(clock, replica)).toHaveLength(3);
  });

  it('changes nothing for those who may not delete', async () => {
    const { replica, prune, clock } = aWorld({
      before: ({ operation }) =>
        operation === 'deleteTag' ? Promise.reject(new GatewayError('FORBIDDEN', 'no')) : Promise.resolve(),
    });
    await replica.push([0, 1, 2].map((n) => night('app', n)));
    await expect(prune({ keep: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await listedBy(clock, replica)).toHaveLength(3);
  });

  it.each([
    ['pushed anew with other bytes', { again: 'other bytes', outcome: 'kept', stay: 3, kept: [] }],
    ['withdrawn', { again: undefined, outcome: 'unchanged', stay: 2, kept: ['app-1.0_git20260901-r0.apk'] }],
  ])('leaves alone what was %s since it was chosen', async (_name, { again, outcome, stay, kept }) => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let looks = -Infinity;
    const { store, clock, replica } = aWorld({
      before: async ({ operation, credentials }) => {
        const isPruner = credentials.kind === 'basic' && credentials.username === 'pruner';
        if (operation === 'tags' && isPruner) looks += 1;
        // The look after the one that it chose by is late.
        if (operation === 'tags' && isPruner && looks === 3) await held;
      },
    });
    const old = night('app', 0);
    await replica.push([0, 1, 2].map((n) => night('app', n)));
    await clock.until(replica.repositories.prune(at, { keep: 2 }, aCaller('pruner'), { isDryRun: true }));
    looks = 0;
    const pruner = replica.repositories.prune(at, { keep: 2 }, aCaller('pruner'));
    await vi.waitFor(() => {
      expect(looks).toBe(3);
    });
    const other = aReplica({ store, clock, random: someRandom('other') });
    const files = ['app-1.0_git20260901-r0.apk'];
    if (again === undefined) await clock.until(other.repositories.withdrawFiles(at, { files }, aCaller('ann')));
    else {
      await clock.until(other.repositories.deleteFiles(at, { files }, aCaller('ann')));
      await other.push([{ ...old, description: again }]);
    }
    goOn();
    const change = await clock.until(pruner);
    expect(change).toMatchObject({ packages: [{ outcome }], notes: [`${stay} of 3 packages stay`] });
    expect(await listedBy(clock, replica)).toHaveLength(stay);
    const withdrawn = (await clock.until(replica.repositories.listWithdrawn(at, aCaller('reader')))).packages;
    expect(withdrawn.map(({ fileName }) => fileName)).toEqual(kept);
  });

  it('is about a repository that holds something', async () => {
    await expect(aWorld().prune({ keep: 1 })).rejects.toMatchObject({ code: 'REPOSITORY_UNKNOWN' });
  });
});
