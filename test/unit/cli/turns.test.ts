import { setImmediate as settled } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createTurns } from '../../../src/cli/lkard/workers/turns.ts';

it('one worker after another has its turn, in the order in which they asked', async () => {
  const { turns, begun, ask } = aQueue();
  for (const owner of [1, 2, 3]) ask(owner, 'key');
  await settled();
  expect(begun).toEqual([1]);
  turns.giveBack(2, 'key');
  await settled();
  expect(begun).toEqual([1]);
  turns.giveBack(1, 'key');
  turns.giveBack(2, 'key');
  await settled();
  expect(begun).toEqual([1, 2, 3]);
});

it('different things are done at once', async () => {
  const { begun, ask } = aQueue();
  ask(1, 'key of a');
  ask(2, 'key of b');
  await settled();
  expect(begun).toEqual([1, 2]);
});

it('a worker that is gone holds nobody up, whether it had its turn or waited for it', async () => {
  const { turns, begun, ask } = aQueue();
  for (const owner of [1, 2, 1, 3]) ask(owner, 'key');
  turns.forget(2);
  await settled();
  expect(begun).toEqual([1]);
  turns.forget(1);
  await settled();
  expect(begun).toEqual([1, 3]);
});

it('a worker that hangs in its turn holds the others up no longer than a turn may last', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { turns, begun, ask } = aQueue();
  for (const owner of [1, 2, 3]) ask(owner, 'key');
  vi.advanceTimersByTime(60_000);
  await settled();
  expect(begun).toEqual([1, 2]);
  // It goes on after all: that is no longer its turn.
  turns.giveBack(1, 'key');
  vi.advanceTimersByTime(59_000);
  turns.giveBack(2, 'key');
  vi.advanceTimersByTime(59_000);
  ask(4, 'key');
  await settled();
  expect(begun).toEqual([1, 2, 3]);
  turns.giveBack(3, 'key');
  turns.giveBack(4, 'key');
  expect(vi.getTimerCount()).toBe(0);
});

function aQueue() {
  const turns = createTurns();
  const begun: number[] = [];
  const ask = (owner: number, name: string) => void turns.take(owner, name).then(() => begun.push(owner));
  return { turns, begun, ask };
}
