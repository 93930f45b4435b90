import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import type { RepositoryCoordinates } from '../../../../src/protocol/coordinates.ts';
import { readIndexFile } from '../../../../src/apk/index/index-file.ts';
import type { PromotionOptions } from '../../../../src/repository/service/promoting.ts';
import { aCaller, aClock, aReplica, aStagedPackage, at, someRandom } from '../../../support/a-repository.ts';
import type { ApkSpec } from '../../../support/an-apk.ts';
import { createRecordingStore, type MemoryStoreOptions } from '../../../support/memory-store.ts';

const stable: RepositoryCoordinates = { ...at, branch: 'stable' };
const elsewhere: RepositoryCoordinates = { image: 'team/released', branch: 'v1', repository: 'main' };

function aWorld(options: MemoryStoreOptions = {}) {
  const clock = aClock();
  const { store, calls } = createRecordingStore(options);
  const replica = aReplica({ store, clock });
  const promote = (to: RepositoryCoordinates, packages: readonly string[], more: PromotionOptions = {}) =>
    clock.until(replica.repositories.promote({ from: at, to, packages }, aCaller('ann'), more));
  const listed = async (place: RepositoryCoordinates, architecture = 'x86_64') => {
    const index = await clock.until(replica.repositories.openIndex(place, architecture, aCaller('reader')));
    return index && readIndexFile(index.bytes).entries.map(({ name, version }) => `${name}-${version}`);
  };
  const push = (...specs: readonly ApkSpec[]) => replica.push(specs);
  return { clock, store, replica, promote, listed, push, calls };
}

const app = (version: string, more: Partial<ApkSpec> = {}) => ({ name: 'app', version, ...more });
const outcomes = ({ packages }: { packages: readonly { fileName: string; outcome: string }[] }) =>
  packages.map(({ fileName, outcome }) => `${outcome} ${fileName.replace('.apk', '')}`);

describe('promoting', () => {
  it.each([
    ['a branch of the same image', stable],
    ['another image', elsewhere],
  ])('lists the newest version in %s, and leaves it where it was', async (_name, to) => {
    const { promote, push, listed, replica, clock } = aWorld();
    await push(app('1.9-r0'), app('1.10-r0'));
    const change = await promote(to, ['app']);
    expect(outcomes(change)).toEqual(['promoted app-1.10-r0']);
    expect(await listed(to)).toEqual(['app-1.10-r0']);
    expect(await listed(at)).toEqual(['app-1.9-r0', 'app-1.10-r0']);
    const [own, there] = await clock.until(
      Promise.all([at, to].map((place) => replica.repositories.list(place, aCaller('reader')))),
    );
    expect(there![0]).toMatchObject({
      ...{ digest: own![1]!.digest, entry: own![1]!.entry, pushedBy: 'ci' },
      provenance: { promotedFrom: `${at.image}/${at.branch}/${at.repository}`, promotedBy: 'ann' },
    });
  });

  it('moves no bytes: a mount and a manifest a package', async () => {
    const { promote, push, calls } = aWorld();
    await push(...Array.from({ length: 20 }, (_, i) => app('1-r0', { name: `app${i}` })));
    calls.length = 0;
    await promote(elsewhere, ['app*']);
    const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
    expect([count('mountBlob'), count('finishUpload')]).toEqual([20, 0]);
    expect(calls.filter(({ reference }) => reference?.includes('-p-')).map(({ operation }) => operation)).toEqual(
      Array.from({ length: 20 }, () => 'pushManifest'),
    );
    calls.length = 0;
    await promote(stable, ['app*']);
    expect(count('mountBlob')).toBe(0);
  });

  it('of a move that died half-way ends it, and takes no older version in its place', async () => {
    const { promote, push, listed, replica, clock } = aWorld();
    await push(app('1-r0'), app('2-r0'), app('1-r0', { name: 'lib' }));
    await promote(elsewhere, ['app', 'lib']);
    await clock.until(replica.repositories.deleteFiles(at, { files: ['app-2-r0.apk'] }, aCaller('ann')));
    const again = await promote(elsewhere, ['app', 'lib'], { isMove: true });
    expect(outcomes(again).toSorted()).toEqual(['unchanged app-2-r0', 'unchanged lib-1-r0']);
    expect([await listed(at), await listed(elsewhere)]).toEqual([['app-1-r0'], ['app-2-r0', 'lib-1-r0']]);
    const third = await promote(elsewhere, ['app', 'lib'], { isMove: true });
    expect(outcomes(third).toSorted()).toEqual(['unchanged app-2-r0', 'unchanged lib-1-r0']);
    await expect(promote(elsewhere, ['lob'], { isMove: true })).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
  });

  it('twice changes nothing', async () => {
    const { promote, push, listed, store } = aWorld();
    await push(app('1-r0'));
    await promote(elsewhere, ['app']);
    const tags = store.state(elsewhere.image).tags.size;
    expect(outcomes(await promote(elsewhere, ['app']))).toEqual(['unchanged app-1-r0']);
    expect(store.state(elsewhere.image).tags.size).toBe(tags);
    expect(await listed(elsewhere)).toEqual(['app-1-r0']);
  });

  it('takes the version that is named, in each architecture that has it', async () => {
    const { promote, push, listed } = aWorld();
    await push(
      app('1-r0'),
      app('2-r0'),
      app('1-r0', { arch: 'aarch64' }),
      app('3-r0', { name: 'doc', arch: 'noarch' }),
    );
    expect(outcomes(await promote(stable, ['app=1-r0', 'doc']))).toHaveLength(3);
    expect(await listed(stable, 'x86_64')).toEqual(['app-1-r0', 'doc-3-r0']);
    expect(await listed(stable, 'aarch64')).toEqual(['app-1-r0', 'doc-3-r0']);
  });

  it('lists what a snapshot has, whatever became of it in the branch', async () => {
    const { promote, push, listed, replica, clock } = aWorld();
    await push(app('1-r0', { depends: ['lib'] }), app('1-r0', { name: 'lib' }), app('2-r0', { arch: 'aarch64' }));
    await clock.until(replica.repositories.createSnapshot(at, 'kept', aCaller('ann')));
    const files = ['app-1-r0.apk', 'lib-1-r0.apk'];
    await clock.until(replica.repositories.deleteFiles(at, { files }, aCaller('ann'), { isNow: true }));
    await push(app('3-r0'));
    const from = { ...at, branch: `${at.branch}@kept` };
    const promoteFrom = (to: RepositoryCoordinates, packages: readonly string[], options: PromotionOptions = {}) =>
      clock.until(replica.repositories.promote({ from, to, packages }, aCaller('ann'), options));

    await expect(promoteFrom(stable, ['app'], { isMove: true })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await listed(stable)).toBeUndefined();
    const change = await promoteFrom(elsewhere, ['app'], { withDependencies: true });
    expect(outcomes(change).toSorted()).toEqual(['promoted app-1-r0', 'promoted app-2-r0', 'promoted lib-1-r0']);
    expect(await listed(elsewhere)).toEqual(['app-1-r0', 'lib-1-r0']);
    const there = await clock.until(replica.repositories.list(elsewhere, aCaller('reader')));
    expect(there[0]!.provenance?.promotedFrom).toBe(`${at.image}/${at.branch}@kept/${at.repository}`);
    await promoteFrom(at, ['lib']);
    expect(await listed(at)).toEqual(['app-3-r0', 'lib-1-r0']);
    await expect(promoteFrom(stable, ['app=3-r0'])).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
    await expect(promote(stable, ['app'], {})).resolves.toBeDefined();
    from.branch = `${at.branch}@lost`;
    await expect(promoteFrom(stable, ['app'])).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
  });

  it('takes nothing where a name is nowhere', async () => {
    const { promote, push, listed } = aWorld();
    await push(app('1-r0'));
    await expect(promote(stable, ['app', 'ap'])).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
    await expect(promote(stable, ['app=2-r0'])).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
    expect(await listed(stable)).toBeUndefined();
  });

  it('takes all or none: nothing where other bytes have one of the names', async () => {
    const { promote, push, listed, replica, clock } = aWorld();
    await push(app('1-r0'), app('1-r0', { name: 'lib' }));
    const staged = await aStagedPackage(app('1-r0', { name: 'lib', description: 'another' }));
    await clock.until(
      replica.repositories.begin(stable, aCaller('bob')).then((publication) => publication.commit([staged])),
    );
    await expect(promote(stable, ['app', 'lib'])).rejects.toMatchObject({ code: 'PACKAGE_EXISTS' });
    await expect(promote(stable, ['app', 'lib'], { isDryRun: true })).rejects.toMatchObject({ code: 'PACKAGE_EXISTS' });
    expect(await listed(stable)).toEqual(['lib-1-r0']);
  });

  it('takes what is needed with it, and says what is in neither', async () => {
    const { promote, push, listed } = aWorld();
    await push(
      app('1-r0', { depends: ['lib>=2', 'musl'] }),
      ...['1-r0', '2-r0', '3-r0'].map((version) => app(version, { name: 'lib' })),
      app('1-r0', { name: 'unneeded' }),
    );
    const change = await promote(stable, ['app'], { withDependencies: true });
    expect(outcomes(change)).toEqual(['promoted app-1-r0', 'promoted lib-3-r0']);
    expect(change.notes).toEqual([expect.stringContaining('musl')]);
    expect(await listed(stable)).toEqual(['app-1-r0', 'lib-3-r0']);
  });

  it('moves what is named, and not what it needs', async () => {
    const { promote, push, listed } = aWorld();
    await push(app('1-r0', { depends: ['lib'] }), app('1-r0', { name: 'lib' }));
    await promote(elsewhere, ['app'], { withDependencies: true, isMove: true });
    expect([await listed(at), await listed(elsewhere)]).toEqual([['lib-1-r0'], ['app-1-r0', 'lib-1-r0']]);
  });

  it('leaves a package in both where it may not be deleted, and moves it the next time', async () => {
    let mayDelete = false;
    const { promote, push, listed } = aWorld({
      before: ({ operation, image }) =>
        operation === 'deleteTag' && image === at.image && !mayDelete
          ? Promise.reject(new GatewayError('FORBIDDEN', 'no'))
          : Promise.resolve(),
    });
    await push(app('1-r0'));
    await expect(promote(elsewhere, ['app'], { isMove: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect([await listed(at), await listed(elsewhere)]).toEqual([['app-1-r0'], ['app-1-r0']]);
    mayDelete = true;
    expect(outcomes(await promote(elsewhere, ['app'], { isMove: true }))).toEqual(['unchanged app-1-r0']);
    expect([(await listed(at)) ?? [], await listed(elsewhere)]).toEqual([[], ['app-1-r0']]);
  });

  it('leaves in the source what other bytes were pushed there under the name since it was chosen', async () => {
    let meanwhile = () => Promise.resolve();
    const { promote, push, listed, store, clock } = aWorld({
      before: async ({ operation, image }) => {
        if (operation !== 'mountBlob' || image !== elsewhere.image) return;
        await meanwhile();
      },
    });
    await push(app('1-r0'));
    const other = aReplica({ store, clock, random: someRandom('other') });
    // Before the clock may move: reading a package takes threads.
    const staged = await aStagedPackage(app('1-r0', { description: 'mended' }));
    meanwhile = async () => {
      await other.repositories.deleteFiles(at, { files: ['app-1-r0.apk'] }, aCaller('bob'));
      await (await other.repositories.begin(at, aCaller('bob'))).commit([staged]);
    };
    const change = await promote(elsewhere, ['app'], { isMove: true });
    expect(outcomes(change)).toEqual(['promoted app-1-r0']);
    expect(change.notes).toEqual([expect.stringContaining('app-1-r0.apk')]);
    expect([await listed(at), await listed(elsewhere)]).toEqual([['app-1-r0'], ['app-1-r0']]);
  });

  it('does nothing as a dry run', async () => {
    const { promote, push, listed, calls } = aWorld();
    await push(app('1-r0'));
    calls.length = 0;
    expect(outcomes(await promote(elsewhere, ['app'], { isDryRun: true, isMove: true }))).toEqual([
      'promoted app-1-r0',
    ]);
    expect(calls.filter(({ operation }) => /^(push|mount|delete)/.test(operation))).toEqual([]);
    expect(await listed(elsewhere)).toBeUndefined();
  });

  it('says so where the registry mounts nothing, and puts nothing', async () => {
    const { promote, push, listed } = aWorld({ mounts: false });
    await push(app('1-r0'));
    await expect(promote(elsewhere, ['app'])).rejects.toMatchObject({ code: 'MOUNT_UNSUPPORTED' });
    expect(await listed(elsewhere)).toBeUndefined();
    expect(outcomes(await promote(stable, ['app']))).toEqual(['promoted app-1-r0']);
  });

  it('says so where the registry has lost the bytes', async () => {
    const { promote, push, store } = aWorld();
    await push(app('1-r0'));
    for (const [digest, bytes] of store.state(at.image).blobs)
      if (bytes[0] === 0x1f) store.state(at.image).blobs.delete(digest);
    for (const to of [stable, elsewhere])
      await expect(promote(to, ['app'])).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
  });

  it('is asked of the store with the caller’s own rights on both sides', async () => {
    const { promote, push, calls } = aWorld({
      before: ({ image, operation, credentials }) =>
        image === elsewhere.image &&
        operation === 'startUpload' &&
        credentials.kind === 'basic' &&
        credentials.username === 'ann'
          ? Promise.reject(new GatewayError('FORBIDDEN', 'no'))
          : Promise.resolve(),
    });
    await push(app('1-r0'));
    calls.length = 0;
    await expect(promote(elsewhere, ['app'])).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(calls.filter(({ operation }) => operation === 'mountBlob')).toEqual([]);
  });

  it.each([
    ['may not push to the target', elsewhere.image, 'startUpload'],
    ['may not read the source', at.image, 'resolve'],
  ])(
    'of however many packages costs nothing where the caller %s, also as a dry run',
    async (_who, refusedIn, refused) => {
      let isRefused = false;
      const { promote, push, calls } = aWorld({
        before: ({ image, operation }) =>
          isRefused && image === refusedIn && (operation === refused || refused === 'resolve')
            ? Promise.reject(new GatewayError('FORBIDDEN', 'no'))
            : Promise.resolve(),
      });
      await push(...Array.from({ length: 5 }, (_, i) => app(`${i}-r0`)));
      isRefused = true;
      for (const isDryRun of [true, false]) {
        calls.length = 0;
        const asked = promote(elsewhere, ['*'], { isDryRun, withDependencies: true, isMove: !isDryRun });
        await expect(asked).rejects.toMatchObject({ code: 'FORBIDDEN' });
        expect(calls.length).toBeLessThanOrEqual(4);
        expect(calls.filter(({ operation }) => ['fetchManifest', 'openBlob', 'mountBlob'].includes(operation))).toEqual(
          [],
        );
      }
    },
  );

  it('has as much time for the target as a push, however long the source took to be read', async () => {
    const slow: { clock?: ReturnType<typeof aClock> } = {};
    const world = aWorld({
      before: async ({ image, operation }) => {
        if (image === at.image && operation === 'fetchManifest') await slow.clock?.sleep(18_000);
        if (image === elsewhere.image && operation === 'tags') await slow.clock?.sleep(13_000);
      },
    });
    await world.push(app('1.0-r0'));
    await world.promote(elsewhere, ['app']);
    await world.push(app('2.0-r0'));
    slow.clock = world.clock;
    world.clock.pass(24 * 3_600_000);
    expect(outcomes(await world.promote(elsewhere, ['app'], { isDryRun: true }))).toEqual(['promoted app-2.0-r0']);
  });

  it('is refused within one repository, and from one that holds nothing', async () => {
    const { promote } = aWorld();
    await expect(promote(at, ['app'])).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(promote(stable, ['app'])).rejects.toMatchObject({
      code: expect.stringMatching(/_UNKNOWN$/) as string,
    });
  });
});
