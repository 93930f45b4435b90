import { setTimeout as sleepNode } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sleep, sleepUnlessWoken } from '../../../src/time/timers.ts';

it('waits for a time that is longer than Node has timers for', async () => {
  const waking = new AbortController();
  const sleeping = sleep(30 * 86_400_000, waking.signal).then(
    () => 'slept',
    () => 'woken',
  );
  await sleepNode(20);
  waking.abort();
  expect(await sleeping).toBe('woken');
});

it.each([
  ['at once where its signal has fired', AbortSignal.abort()],
  ['as soon as it fires', AbortSignal.timeout(5)],
])('wakes %s, without a fault', async (_when, signal) => {
  const began = performance.now();
  await sleepUnlessWoken(60_000, signal);
  expect(performance.now() - began).toBeLessThan(30_000);
});

it('sleeps for as long as it is told, where nobody wakes it', async () => {
  const [began, quiet] = [performance.now(), new AbortController()];
  await sleepUnlessWoken(20, quiet.signal);
  expect(performance.now() - began).toBeGreaterThanOrEqual(15);
});
