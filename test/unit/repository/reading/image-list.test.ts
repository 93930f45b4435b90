import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { createMemoryStore, type MemoryCall, type MemoryStore } from '../../../support/memory-store.ts';
import { aCaller, aClock, aReplica, aSigningKey, at, fixedKeys } from '../../../support/a-repository.ts';

const key = aSigningKey('test-only-2048.rsa');

async function aWorld(before: (call: MemoryCall) => void = () => undefined) {
  const clock = aClock();
  const calls: MemoryCall[] = [];
  let isSetUp = false;
  const store = createMemoryStore({
    before: (call) => {
      if (!isSetUp) return Promise.resolve();
      calls.push(call);
      return Promise.resolve().then(() => {
        before(call);
      });
    },
  });
  const replica = aReplica({ store, clock, keys: fixedKeys(key) });
  await replica.push([{ name: 'hello', version: '1.0-r0' }]);
  store.state('team/container').tags.set('latest', `sha256:${'0'.repeat(64)}`);
  isSetUp = true;
  return { clock, calls, store, replica, images: (user = 'me') => replica.repositories.images(aCaller(user)) };
}

describe('the list of images', () => {
  it('has those that hold packages, and no others', async () => {
    const { images } = await aWorld();
    expect(await images()).toEqual({ names: [at.image], isComplete: true });
  });

  it('has none that the caller may not read', async () => {
    const { images } = await aWorld(({ credentials }) => {
      if (credentials.kind === 'basic' && credentials.username === 'stranger')
        throw new GatewayError('FORBIDDEN', 'not yours');
    });
    expect(await images('me')).toEqual({ names: [at.image], isComplete: true });
    expect(await images('stranger')).toEqual({ names: [], isComplete: true });
  });

  it('is asked of the store once in a while, not with each look', async () => {
    const { images, calls, clock } = await aWorld();
    await images();
    const first = calls.length;
    await images();
    expect(calls).toHaveLength(first);
    clock.pass(10 * 60_000);
    await images();
    expect(calls.length).toBeGreaterThan(first);
  });

  it('is made once for all who ask for it at the same time', async () => {
    const { images, calls } = await aWorld();
    await Promise.all(Array.from({ length: 20 }, () => images()));
    expect(calls.filter(({ operation, image }) => operation === 'tags' && image === at.image)).toHaveLength(1);
  });

  it('says that it is not whole where an image could not be looked at', async () => {
    const { images } = await aWorld(({ operation, image }) => {
      if (operation === 'tags' && image === at.image) throw new GatewayError('STORE_UNAVAILABLE', 'gone');
    });
    expect(await images()).toEqual({ names: [], isComplete: false });
  });

  it('is a fault where the store is away, not empty', async () => {
    const { images } = await aWorld(({ operation }) => {
      if (operation === 'tags') throw new GatewayError('STORE_UNAVAILABLE', 'gone');
    });
    await expect(images()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const { store, replica } = await aWorld();
    (store as { imageNames: MemoryStore['imageNames'] }).imageNames = () =>
      Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'gone'));
    await expect(replica.repositories.images(aCaller('me'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it.each(['UNAUTHORIZED', 'FORBIDDEN', 'STORE_ANSWER_INVALID'] as const)(
    'is unknown where the store says %s',
    async (code) => {
      const { store, replica } = await aWorld();
      (store as { imageNames: MemoryStore['imageNames'] }).imageNames = () =>
        Promise.reject(new GatewayError(code, 'no'));
      expect(await replica.repositories.images(aCaller('me'))).toBeUndefined();
    },
  );
});
