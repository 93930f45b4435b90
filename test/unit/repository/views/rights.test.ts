import { describe, expect, it } from 'vitest';
import type { Credentials, ImageStore, Store } from '../../../../src/store/store.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys, listedBy } from '../../../support/a-repository.ts';
import { createMemoryStore, type MemoryCall, type MemoryImage } from '../../../support/memory-store.ts';

const fileKeys = fixedKeys(aSigningKey());
const imageKeys = { ...fileKeys, arePerImage: true };
const file = ['x86_64', 'one-1.0-r0.apk'] as const;
const minuteMs = 60_000;

/** A registry that answers "no such image" to whoever may not see one, as Artifactory does where it is told to. */
function hiding(store: Store, isHiddenFrom: (user: string) => boolean): Store {
  const seen = (image: ImageStore): Partial<ImageStore> => ({
    resolve: (...asked) => image.resolve(...asked).then(() => undefined),
    fetchManifest: (...asked) => image.fetchManifest(...asked).then(() => undefined),
    tags: (...asked) => image.tags(...asked).then(() => []),
    openBlob: (blob, call) => image.resolve(blob.digest, call).then(() => undefined),
    locateBlob: () => Promise.resolve(undefined),
  });
  const userOf = (credentials: Credentials) => (credentials.kind === 'basic' ? credentials.username : '');
  return {
    ...store,
    image: (name, credentials) => {
      const image = store.image(name, credentials);
      return isHiddenFrom(userOf(credentials)) ? { ...image, ...seen(image) } : image;
    },
  };
}

async function aWorld(keys = imageKeys) {
  const clock = aClock();
  const images = new Map<string, MemoryImage>();
  const hidden = new Set(['stranger']);
  const store = hiding(createMemoryStore({ images }), (user) => hidden.has(user));
  const replica = aReplica({ store, clock, keys });
  await aReplica({ store: createMemoryStore({ images }), clock, keys }).push([{ name: 'one', version: '1.0-r0' }]);
  const { repositories } = replica;
  const as = (user: string) => ({
    index: () => listedBy(clock, replica, 'x86_64', aCaller(user)),
    peeked: () =>
      repositories.peekIndex(at, 'x86_64', aCaller(user)) ?? repositories.peekPackage(at, ...file, aCaller(user)),
    package: async () => {
      const found = await clock.until(repositories.findPackage(at, ...file, aCaller(user)));
      return found && ((await clock.until(found.open())) as Uint8Array).length;
    },
    keys: async (image: string = at.image) => (await clock.until(repositories.keys(image, aCaller(user)))).length,
    authorize: () => clock.until(repositories.authorize(at.image, aCaller(user))),
    withdraw: () => clock.until(repositories.withdraw(at, { architecture: file[0], fileName: file[1] }, aCaller(user))),
  });
  return { clock, hidden, as };
}

describe('before a registry that hides what somebody may not see', () => {
  it('a stranger gets nothing that others have read, in whatever order they come', async () => {
    const { as } = await aWorld();
    const [reader, stranger] = [as('reader'), as('stranger')];
    for (let i = 0; i < 3; i += 1) {
      expect(await stranger.index()).toBeUndefined();
      expect(await reader.index()).toEqual(['one-1.0-r0']);
      expect(await reader.package()).toBeGreaterThan(0);
      expect(await stranger.package()).toBeUndefined();
      expect(stranger.peeked()).toBeUndefined();
    }
    expect([await reader.keys(), await stranger.keys()]).toEqual([1, 0]);
    expect([await reader.authorize(), await stranger.authorize()]).toEqual([true, false]);
    await expect(stranger.withdraw()).rejects.toMatchObject({ code: 'PACKAGE_UNKNOWN' });
    expect(await reader.index()).toEqual(['one-1.0-r0']);
  });

  it('keys that sign every image are told of each, and say of none whether it is there', async () => {
    const { as } = await aWorld(fileKeys);
    for (const who of ['reader', 'stranger']) {
      expect([await as(who).keys(), await as(who).keys('nowhere')]).toEqual([1, 1]);
    }
    const { as: withOwn } = await aWorld();
    expect(await withOwn('reader').keys('nowhere')).toBe(0);
  });

  it('a reader is never told that nothing is there because a stranger was', async () => {
    const { as } = await aWorld();
    const [reader, stranger] = [as('reader'), as('stranger')];
    await reader.index();
    const readings = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? reader.index() : stranger.index())),
    );
    expect(readings).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? ['one-1.0-r0'] : undefined)));
  });

  it('a stranger gets nothing that pushes have shown since they came, while the registry hangs', async () => {
    const clock = aClock();
    const images = new Map<string, MemoryImage>();
    const storeWith = (before: (call: MemoryCall) => Promise<void>) =>
      hiding(createMemoryStore({ images, before }), (user) => user === 'stranger');
    const [otherComes, otherIsThere] = [aGate(), aGate()];
    const other = aReplica({
      store: storeWith(async (call) => {
        if (isPut(call, 'p-other')) await otherComes.passed;
        if (!isPut(call, 'index-')) return;
        otherIsThere.open();
        await never;
      }),
      ...{ clock, keys: imageKeys },
    });
    let isHanging = false;
    const store = storeWith(async (call) => {
      if (isHanging) await never;
      if (!isPut(call, 'index-')) return;
      // The look that follows finds this first index out of date.
      otherComes.open();
      await otherIsThere.passed;
    });
    const replica = aReplica({ store, clock, keys: imageKeys });
    const ask = () => replica.repositories.openIndex(at, 'x86_64', aCaller('stranger'));
    expect(await clock.until(ask())).toBeUndefined();
    void other.push([{ name: 'other', version: '1.0-r0' }]).catch(() => undefined);
    expect(await replica.push([{ name: 'one', version: '1.0-r0' }])).toEqual(['published']);
    isHanging = true;
    await expect(clock.until(ask())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('who may read no more is given nothing from memory after --rights-ttl, and others go on', async () => {
    const { clock, hidden, as } = await aWorld();
    const [reader, leaver] = [as('reader'), as('leaver')];
    expect(await leaver.index()).toEqual(['one-1.0-r0']);
    expect(await leaver.package()).toBeGreaterThan(0);
    hidden.add('leaver');
    clock.pass(minuteMs + 1);
    expect([await leaver.index(), await leaver.package(), await leaver.keys()]).toEqual([undefined, undefined, 0]);
    expect(await reader.index()).toEqual(['one-1.0-r0']);
    hidden.delete('leaver');
    expect(await leaver.index()).toEqual(['one-1.0-r0']);
  });
});

const never = new Promise<never>(() => undefined);

function isPut({ operation, reference = '' }: MemoryCall, part: string): boolean {
  return operation === 'pushManifest' && reference.includes(part);
}

function aGate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}
