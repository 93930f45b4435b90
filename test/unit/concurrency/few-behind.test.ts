import { describe, expect, it } from 'vitest';
import { fewBehind } from '../../../src/concurrency/few-behind.ts';

/** Somebody who takes a piece only when told to. */
function aTaker() {
  const taken: number[] = [];
  const waiting: (() => void)[] = [];
  const take = (piece: number) => {
    taken.push(piece);
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  const goOn = async () => {
    waiting.shift()?.();
    await settled();
  };
  return { take, taken, goOn };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a few behind', () => {
  it('are taken one after the other, while whoever hands them on goes ahead by so many', async () => {
    const { take, taken, goOn } = aTaker();
    const behind = fewBehind(2, take);
    await behind.push(1);
    await behind.push(2);
    let isThirdDone = false;
    const third = behind.push(3).then(() => (isThirdDone = true));
    await settled();
    expect([taken, isThirdDone]).toEqual([[1], false]);
    await goOn();
    expect([taken, isThirdDone]).toEqual([[1, 2], true]);
    await third;
    await goOn();
    await goOn();
    await behind.drained();
    expect(taken).toEqual([1, 2, 3]);
  });

  it('end with the first that could not be taken', async () => {
    const taken: number[] = [];
    const behind = fewBehind(1, (piece: number) => {
      taken.push(piece);
      return Promise.reject(new Error(`no ${piece}`));
    });
    await behind.push(1);
    await expect(behind.push(2)).rejects.toThrow('no 1');
    await expect(behind.drained()).rejects.toThrow('no 1');
    expect(taken).toEqual([1]);
  });

  it('are not taken any more once they are stopped', async () => {
    const { take, taken, goOn } = aTaker();
    const behind = fewBehind(2, take);
    await behind.push(1);
    await behind.push(2);
    await settled();
    behind.stop();
    await goOn();
    await behind.drained();
    expect(taken).toEqual([1]);
  });
});
