import { setTimeout as sleepNode } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sleep } from '../../../src/time/timers.ts';

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
