import { describe, expect, it, vi } from 'vitest';
import { GatewayError, isGatewayError } from '../../../src/errors.ts';
import { peekKind } from '../../../src/repository/artifacts/package-tag.ts';
import type { RepositoriesOptions } from '../../../src/repository/options.ts';
import type { Selection } from '../../../src/repository/service/lifecycle.ts';
import { createMemoryStore, type MemoryCall, type MemoryStoreOptions } from '../../support/memory-store.ts';
import { aCaller, aClock, aReplica, at, listedBy, someRandom, type TestReplica } from '../../support/a-repository.ts';

const alice = aCaller('alice');
const reader = aCaller('reader');
const hello = { name: 'hello', version: '1.0-r0' };
const other = { name: 'other', version: '2.0-r0' };
const file = 'hello-1.0-r0.apk';
const hourMs = 3_600_000;

function aWorld(options: MemoryStoreOptions = {}, given: RepositoriesOptions = {}) {
  const clock = aClock();
  const store = createMemoryStore(options);
  const replica = aReplica({ store, clock }, given);
  const another = aReplica({ store, clock, random: someRandom('another') }, given);
  const on = ({ repositories }: TestReplica) => ({
    remove: (selection: Selection, options = {}) =>
      clock.until(repositories.deleteFiles(at, selection, alice, options)),
    withdraw: (selection: Selection, options = {}) =>
      clock.until(repositories.withdrawFiles(at, selection, alice, options)),
    restore: (selection: Selection, options = {}) =>
      clock.until(repositories.restoreFiles(at, selection, alice, options)),
    withdrawn: async () => (await clock.until(repositories.listWithdrawn(at, reader))).packages,
    async read(fileName = file, architecture = 'x86_64') {
      const found = await clock.until(repositories.findPackage(at, architecture, fileName, reader));
      if (found === undefined) return undefined;
      const bytes = await clock.until(found.open());
      return { kept: found.kept?.why, bytes: bytes instanceof Uint8Array ? bytes.length : -1 };
    },
  });
  const kinds = async () => {
    const tags = await store.image(at.image, alice.credentials).tags();
    return tags.map(peekKind).filter((kind) => kind !== undefined);
  };
  return { clock, store, replica, another, first: on(replica), second: on(another), kinds };
}

const codeOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isGatewayError(error) ? error.code : error;
};

describe('a deleted package', () => {
  it('is in no index at once, and can be fetched everywhere until its grace is over', async () => {
    const { clock, replica, another, first, second } = aWorld();
    await replica.push([hello, other]);
    const before = await second.read();
    await first.remove({ files: [file] });
    expect(await listedBy(clock, another)).toEqual(['other-2.0-r0']);
    expect(await second.read()).toEqual({ ...before, kept: 'deleted' });
    clock.pass(4 * hourMs + 1);
    expect(await second.read()).toBeUndefined();
    expect(await first.read()).toBeUndefined();
  });

  it('can be fetched under every architecture where it was a noarch one', async () => {
    const { replica, first, second } = aWorld();
    await replica.push([{ ...hello, arch: 'noarch' }, other]);
    await first.remove({ files: [`noarch/${file}`] });
    expect(await second.read()).toMatchObject({ kept: 'deleted' });
    expect(await second.read(file, 'aarch64')).toMatchObject({ kept: 'deleted' });
  });

  it('can be fetched without an architecture, where one was made for a single one', async () => {
    const { clock, replica, another, first } = aWorld();
    await replica.push([hello, other, { ...other, arch: 'aarch64' }, { ...hello, name: 'doc', arch: 'noarch' }]);
    await first.remove({ names: ['*'] });
    const found = (name: string) => clock.until(another.repositories.findKept(at, name, reader));
    const kinds = async (name: string) => (await found(name)).map(({ kept }) => kept?.why);
    expect(await kinds(file)).toEqual(['deleted']);
    expect(await kinds('doc-1.0-r0.apk')).toEqual(['deleted']);
    expect(await kinds('other-2.0-r0.apk')).toEqual(['deleted', 'deleted']);
    expect(await kinds('none-1.apk')).toEqual([]);
    clock.pass(5 * hourMs);
    expect(await kinds(file)).toEqual([]);
  });

  it('is gone at once without a grace, and where that is asked for', async () => {
    const without = aWorld({}, { deleteGraceMs: 0 });
    await without.replica.push([hello, other]);
    await without.first.remove({ files: [file] });
    expect(await without.second.read()).toBeUndefined();
    const { replica, first, second, kinds } = aWorld();
    await replica.push([hello, other]);
    await first.read();
    await first.remove({ files: [file] }, { isNow: true });
    expect(await first.read()).toBeUndefined();
    expect(await second.read()).toBeUndefined();
    expect(await kinds()).not.toContain('kept');
  });

  it('can be fetched no more once somebody deletes it again with that wish', async () => {
    const { replica, first, second } = aWorld();
    await replica.push([hello, other]);
    await first.remove({ files: [file] });
    expect((await first.remove({ files: [file] })).packages).toMatchObject([{ fileName: file, outcome: 'unchanged' }]);
    expect(await second.read()).toMatchObject({ kept: 'deleted' });
    await second.remove({ files: [file] }, { isNow: true });
    expect(await first.read()).toBeUndefined();
    const again = await first.remove({ files: [file, 'none-1.apk'], names: ['hello'] }, { isNow: true });
    expect(again).toMatchObject({ packages: [{ fileName: file, outcome: 'unchanged' }], missing: ['none-1.apk'] });
    expect(await codeOf(first.remove({ files: ['none-1.apk', 'h*'], names: ['h*'] }))).toBe('PACKAGE_UNKNOWN');
  });

  it('leaves its name free: other bytes win the path', async () => {
    const { replica, another, first, second } = aWorld();
    await replica.push([hello, other]);
    await first.remove({ files: [file] });
    await another.push([{ ...hello, description: 'other bytes' }]);
    expect(await first.read()).toMatchObject({ kept: undefined });
    await second.remove({ files: [file] }, { isNow: true });
    expect(await first.read()).toBeUndefined();
  });

  it('goes with a later push once that is over, and who deleted it is remembered for the time of the history', async () => {
    const { clock, replica, first, kinds } = aWorld();
    await replica.push([hello, other]);
    await first.remove({ files: [file] }, { reason: 'a mistake' });
    const pushLater = async (ms: number) => {
      clock.pass(ms);
      const spec = { name: 'next', version: `1.${clock.now()}-r0` };
      await replica.push([spec]);
      await clock.until(Promise.resolve());
    };
    await pushLater(3 * hourMs);
    expect(await kinds()).toContain('kept');
    await pushLater(hourMs);
    expect(await kinds()).not.toContain('kept');
    for (let day = 0; day < 6; day += 1) await pushLater(24 * hourMs);
    expect(await kinds()).toContain('tombstone');
    for (let day = 0; day < 2; day += 1) await pushLater(24 * hourMs);
    expect(await kinds()).not.toContain('tombstone');
  });

  it('costs who asks for what was never there no request', async () => {
    let fetched = 0;
    const before = ({ operation }: MemoryCall) => {
      if (operation === 'fetchManifest') fetched += 1;
      return Promise.resolve();
    };
    const { replica, first, second } = aWorld({ before });
    await replica.push([hello, other]);
    await first.remove({ files: [file] });
    await second.read();
    const known = fetched;
    expect(await second.read('none-1.apk')).toBeUndefined();
    expect(fetched).toBe(known);
  });
});

describe('a withdrawn package', () => {
  it('is in no index, and told with who withdrew it, when and why', async () => {
    const { clock, replica, another, first, second, kinds } = aWorld();
    await replica.push([hello, other]);
    const change = await first.withdraw({ names: ['hello'] }, { reason: 'breaks booting' });
    expect(change.packages).toMatchObject([{ fileName: file, outcome: 'withdrawn' }]);
    expect(await listedBy(clock, another)).toEqual(['other-2.0-r0']);
    expect(await second.withdrawn()).toMatchObject([
      { fileName: file, withdrawnBy: 'alice', reason: 'breaks booting', pushedBy: 'ci' },
    ]);
    expect(await second.read()).toMatchObject({ kept: 'withdrawn' });
    clock.pass(5 * hourMs);
    expect(await second.read()).toBeUndefined();
    expect(await second.withdrawn()).toHaveLength(1);
    expect(await kinds()).toContain('withdrawn');
    expect((await second.withdraw({ files: [file] })).packages).toMatchObject([{ outcome: 'unchanged' }]);
  });

  it('comes back byte for byte, and is withdrawn no more', async () => {
    const { clock, replica, another, first, second, kinds } = aWorld();
    await replica.push([hello, other]);
    const before = await first.read();
    await first.withdraw({ files: [file] });
    clock.pass(50 * hourMs);
    const restored = await second.restore({ files: [file] });
    expect(restored.packages).toMatchObject([{ fileName: file, outcome: 'restored' }]);
    expect(await listedBy(clock, replica)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
    expect(await listedBy(clock, another)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
    expect(await first.read()).toEqual(before);
    expect(await first.withdrawn()).toEqual([]);
    expect(await kinds()).not.toContain('withdrawn');
    expect((await second.restore({ files: [file] })).packages).toMatchObject([{ outcome: 'unchanged' }]);
  });

  it('does not come back over other bytes of its name', async () => {
    const { replica, first, second } = aWorld();
    await replica.push([hello, other]);
    await first.withdraw({ files: [file] });
    await replica.push([{ ...hello, description: 'other bytes' }]);
    expect(await codeOf(second.restore({ files: [file] }))).toBe('PACKAGE_EXISTS');
    expect(await second.withdrawn()).toHaveLength(1);
  });

  it('is withdrawn no more once somebody pushes the same bytes, or deletes it', async () => {
    const { replica, first, second } = aWorld();
    await replica.push([hello, other]);
    await first.withdraw({ names: ['*'] });
    expect(await second.withdrawn()).toHaveLength(2);
    await replica.push([hello]);
    expect((await second.withdrawn()).map(({ name }) => name)).toEqual(['other']);
    await second.remove({ names: ['other'] });
    expect(await first.withdrawn()).toEqual([]);
    expect(await codeOf(first.restore({ names: ['other'] }))).toBe('PACKAGE_UNKNOWN');
  });

  it('can be fetched no more where that is asked for, then or later, and still comes back', async () => {
    const { replica, first, second } = aWorld();
    await replica.push([hello, other]);
    await first.withdraw({ names: ['hello'] }, { isNow: true });
    await first.withdraw({ names: ['other'] });
    expect(await second.read()).toBeUndefined();
    expect(await second.read('other-2.0-r0.apk')).toMatchObject({ kept: 'withdrawn' });
    await first.withdraw({ names: ['other'] }, { isNow: true });
    expect(await second.read('other-2.0-r0.apk')).toBeUndefined();
    expect((await first.restore({ names: ['*'] })).packages).toHaveLength(2);
    expect(await second.read()).toMatchObject({ kept: undefined });
  });

  it('is listed in parts, and read once while nothing changes', async () => {
    let fetched = 0;
    const { clock, replica, another, first } = aWorld({
      before: ({ operation, reference = '', credentials }) => {
        const isReaders = credentials.kind === 'basic' && credentials.username === 'reader';
        if (isReaders && operation === 'fetchManifest' && peekKind(reference) === 'withdrawn') fetched += 1;
        return Promise.resolve();
      },
    });
    await replica.push(Array.from({ length: 5 }, (_, i) => ({ name: `app${i}`, version: '1-r0' })));
    for (const i of [3, 1, 4, 0, 2]) {
      clock.pass(1000);
      await first.withdraw({ names: [`app${i}`] });
    }
    const list = async (offset: number, limit: number) => {
      const found = await clock.until(another.repositories.listWithdrawn(at, reader, { offset, limit }));
      return [found.total, ...found.packages.map(({ name }) => name)];
    };
    expect(await list(0, 2)).toEqual([5, 'app2', 'app0']);
    expect(await list(2, 2)).toEqual([5, 'app4', 'app1']);
    expect(await list(4, 2)).toEqual([5, 'app3']);
    expect(fetched).toBe(5);
    await first.restore({ names: ['app4'] });
    expect(await list(0, 4)).toEqual([4, 'app2', 'app0', 'app1', 'app3']);
    expect(fetched).toBe(5);
  });

  it('changes nothing as a dry run', async () => {
    const { clock, replica, first } = aWorld();
    await replica.push([hello, other]);
    expect((await first.withdraw({ names: ['*'] }, { isDryRun: true })).packages).toHaveLength(2);
    expect(await listedBy(clock, replica)).toHaveLength(2);
    await first.withdraw({ names: ['*'] });
    expect((await first.restore({ names: ['*'] }, { isDryRun: true })).packages).toHaveLength(2);
    expect(await first.withdrawn()).toHaveLength(2);
  });
});

it('what was deleted by mistake comes back by its whole name, as long as it can be fetched', async () => {
  const { clock, replica, first, second } = aWorld();
  await replica.push([hello, other]);
  await first.remove({ files: [file] });
  expect(await codeOf(second.restore({ names: ['hello'] }))).toBe('PACKAGE_UNKNOWN');
  expect((await second.restore({ files: [file] })).packages).toMatchObject([{ outcome: 'restored' }]);
  expect(await listedBy(clock, replica)).toEqual(['hello-1.0-r0', 'other-2.0-r0']);
});

describe('bytes that are to be gone at once', () => {
  it.each([
    ['deleted', 'deleteFiles'],
    ['withdrawn', 'withdrawFiles'],
  ] as const)('are, though somebody else deletes them beside with a grace: %s', async (_what, verb) => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let isHeld = false;
    const { clock, replica, another, first, second } = aWorld({
      before: async ({ operation, reference, credentials }) => {
        const isBobs = credentials.kind === 'basic' && credentials.username === 'bob';
        if (!isBobs || operation !== 'pushManifest' || peekKind(reference ?? '') !== 'kept') return;
        isHeld = true;
        await held;
      },
    });
    await replica.push([hello, other]);
    const bobs = another.repositories.deleteFiles(at, { files: [file] }, aCaller('bob'));
    await vi.waitFor(() => {
      expect(isHeld).toBe(true);
    });
    await clock.until(replica.repositories[verb](at, { files: [file] }, alice, { isNow: true }));
    letGo();
    await clock.until(bobs);
    expect(await first.read()).toBeUndefined();
    expect(await second.read()).toBeUndefined();
    expect(await codeOf(first.restore({ files: [file] }))).toBe('PACKAGE_UNKNOWN');
  });

  it.each(['tag', 'unsupported'] as const)('are where tags are written once, and removed by %s', async (deletes) => {
    const isAgain = ({ operation, reference = '' }: MemoryCall) =>
      operation === 'pushManifest' && peekKind(reference) !== undefined && store.state(at.image).tags.has(reference);
    const { store, replica, first, second } = aWorld({
      deletes,
      before: (call) => (isAgain(call) ? Promise.reject(new GatewayError('TAG_IMMUTABLE', 'once')) : Promise.resolve()),
    });
    await replica.push([hello, other]);
    await first.remove({ files: [file] });
    await first.withdraw({ names: ['other'] });
    expect(await second.read()).toMatchObject({ kept: 'deleted' });
    expect(await second.read('other-2.0-r0.apk')).toMatchObject({ kept: 'withdrawn' });
    await first.remove({ files: [file] }, { isNow: true });
    await first.withdraw({ names: ['other'] }, { isNow: true });
    expect(await second.read()).toBeUndefined();
    expect(await second.read('other-2.0-r0.apk')).toBeUndefined();
    expect((await first.restore({ names: ['*'] })).packages).toMatchObject([{ fileName: 'other-2.0-r0.apk' }]);
    expect(await second.read('other-2.0-r0.apk')).toMatchObject({ kept: undefined });
  });

  it('are in snapshots still, as the answer says', async () => {
    const { clock, replica, first } = aWorld();
    await replica.push([hello, other]);
    expect((await first.remove({ files: ['other-2.0-r0.apk'] }, { isNow: true })).notes).toEqual([]);
    await clock.until(replica.repositories.createSnapshot(at, 'release-1', alice));
    const { notes } = await first.remove({ files: [file] }, { isNow: true });
    expect(notes).toEqual([expect.stringContaining('release-1')]);
  });

  it('leave nothing behind once their death is forgotten', async () => {
    const { clock, replica, first, kinds } = aWorld({}, { historyMs: 24 * hourMs });
    await replica.push([hello, other]);
    await first.remove({ files: [file] }, { isNow: true });
    expect(await kinds()).toContain('barred');
    for (let day = 0; day < 4; day += 1) {
      clock.pass(25 * hourMs);
      await replica.push([{ name: 'next', version: `1.${day}-r0` }]);
      await clock.until(Promise.resolve());
    }
    expect(await kinds()).not.toContain('tombstone');
    expect(await kinds()).not.toContain('barred');
  });
});

describe('where tags cannot be removed', () => {
  const frozen = { deletes: 'unsupported' } as const;

  it('deleting, withdrawing and restoring say the same', async () => {
    const { clock, replica, first, second } = aWorld(frozen);
    await replica.push([hello, other]);
    await first.withdraw({ files: [file] });
    expect(await second.withdrawn()).toHaveLength(1);
    await second.restore({ files: [file] });
    expect(await first.withdrawn()).toEqual([]);
    await first.remove({ files: [file] });
    expect(await second.withdrawn()).toEqual([]);
    expect(await second.read()).toMatchObject({ kept: 'deleted' });
    await first.remove({ files: [file] }, { isNow: true });
    expect(await second.read()).toBeUndefined();
    expect(await listedBy(clock, replica)).toEqual(['other-2.0-r0']);
  });
});
