import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createForesightedSign } from '../../../../src/repository/publishing/sign-index.ts';
import type { SignIndex } from '../../../../src/repository/publishing/index-writer.ts';
import type { ImageStore } from '../../../../src/store/store.ts';
import { aClock, aReplica, aSigningKey, signNow } from '../../../support/a-repository.ts';
import { createRecordingStore } from '../../../support/memory-store.ts';

const [first, second] = [aSigningKey('test-only-2048.rsa'), aSigningKey('test-only-4096.rsa')];
const pieces = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text));

/** Signs by naming what it signs, and counts. */
function aWorld(sign: SignIndex = signByName) {
  let signed = 0;
  const foresighted = createForesightedSign((...asked) => {
    signed += 1;
    return sign(...asked);
  });
  const told = async (texts: readonly string[], keys = [first]) =>
    (await foresighted.sign(pieces(...texts), keys)).map(
      ({ keyName, bytes }) => `${keyName} ${Buffer.from(bytes).toString()}`,
    );
  return { foresighted, told, signed: () => signed };
}

const signByName: SignIndex = (signed, keys) =>
  Promise.resolve(
    keys.map(({ fileName }) => ({ algorithm: 'RSA256', keyName: fileName, bytes: Buffer.concat([...signed]) })),
  );

/** A registry takes a while to put a manifest; told whether it is at that. */
function slowToPut(image: ImageStore, tell: (isPutting: boolean) => void): ImageStore {
  return {
    ...image,
    async pushManifest(...manifest) {
      tell(true);
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      tell(false);
      return await image.pushManifest(...manifest);
    },
  };
}

describe('an index that was foreseen', () => {
  it('is signed once', async () => {
    const { foresighted, told, signed } = aWorld();
    foresighted.foresee(pieces('head', 'run'), [first]);
    expect(await told(['head', 'run'])).toEqual([`${first.fileName} headrun`]);
    expect(signed()).toBe(1);
  });

  it.each([
    ['other bytes', ['head', 'ruin'], [first]],
    ['a piece more', ['head', 'run', 'tail'], [first]],
    ['another key', ['head', 'run'], [second]],
    ['a key more', ['head', 'run'], [first, second]],
  ])('has no signature for %s', async (_what, texts, keys) => {
    const { foresighted, told, signed } = aWorld();
    foresighted.foresee(pieces('head', 'run'), [first]);
    expect(await told(texts, keys)).toEqual(keys.map(({ fileName }) => `${fileName} ${texts.join('')}`));
    expect(signed()).toBe(2);
  });

  it('is signed after all where that failed at first', async () => {
    let isFirst = true;
    const { foresighted, told } = aWorld((...asked) => {
      if (!isFirst) return signByName(...asked);
      isFirst = false;
      return Promise.reject(new Error('no thread'));
    });
    foresighted.foresee(pieces('head'), [first]);
    expect(await told(['head'])).toEqual([`${first.fileName} head`]);
  });

  it('is forgotten once others were foreseen', async () => {
    const { foresighted, told, signed } = aWorld();
    for (let i = 0; i < 20; i += 1) foresighted.foresee(pieces(`index ${i}`), [first]);
    await told(['index 0']);
    expect(signed()).toBe(21);
    await told(['index 19']);
    expect(signed()).toBe(21);
  });

  it('is that of a lone push of one package, the second and each after it', async () => {
    const clock = aClock();
    const signed: boolean[] = [];
    let isPutting = false;
    const sign: SignIndex = (some, keys) => {
      signed.push(isPutting);
      return signNow(some, keys);
    };
    const { store } = createRecordingStore();
    const image: typeof store.image = (...of) => slowToPut(store.image(...of), (is) => (isPutting = is));
    const replica = aReplica({ store: { ...store, image }, clock, sign });
    await replica.push([{ name: 'first', version: '1-r0' }]);
    for (const name of ['second', 'third', 'fourth']) {
      signed.length = 0;
      await replica.push([{ name, version: '1-r0' }]);
      expect(signed).toEqual([true]);
    }
  });
});
