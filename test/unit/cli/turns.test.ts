import { setImmediate as settled } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createTurns } from '../../../src/cli/workers/turns.ts';

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

function aQueue() {
  const turns = createTurns();
  const begun: number[] = [];
  const ask = (owner: number, name: string) => void turns.take(owner, name).then(() => begun.push(owner));
  return { turns, begun, ask };
}
