import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createDeadline } from '../../../src/concurrency/deadline.ts';
import { aClock } from '../../support/a-repository.ts';

it('a deadline fires when its time is up, and says how much is left until then', async () => {
  const clock = aClock();
  const deadline = createDeadline({ clock, ms: 1000 });
  clock.pass(400);
  await turn();
  expect([deadline.remainingMs(), deadline.isPast()]).toEqual([600, false]);
  clock.pass(600);
  await turn();
  expect([deadline.remainingMs(), deadline.isPast()]).toEqual([0, true]);
  expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
});

it('a deadline fires with the signal that was handed in, for that one’s reason', () => {
  const left = new AbortController();
  const deadline = createDeadline({ clock: aClock(), ms: 1000, signal: left.signal });
  left.abort('the caller left');
  expect([deadline.signal.reason, deadline.remainingMs()]).toEqual(['the caller left', 0]);
  const late = createDeadline({ clock: aClock(), ms: 1000, signal: left.signal });
  expect([late.isPast(), late.signal.reason]).toEqual([true, 'the caller left']);
});

it('a deadline that was ended never fires', async () => {
  const [clock, left] = [aClock(), new AbortController()];
  const deadline = createDeadline({ clock, ms: 1000, signal: left.signal });
  deadline.end();
  left.abort();
  clock.pass(2000);
  await turn();
  expect(deadline.isPast()).toBe(false);
});

it.each([
  ['no time at all is over at once', 0, true, 0],
  ['no limit never ends', Infinity, false, Infinity],
])('a deadline of %s', async (_name, ms, isPast, remainingMs) => {
  const clock = aClock();
  const deadline = createDeadline({ clock, ms });
  await turn();
  clock.pass(1e9);
  expect([deadline.isPast(), deadline.remainingMs()]).toEqual([isPast, remainingMs]);
  deadline.end();
});
