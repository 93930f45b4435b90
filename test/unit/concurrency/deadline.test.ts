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

it.each([
  ['is put off', 1000, 998, false],
  ['is put off until its new time', 1000, 1000, true],
  ['comes sooner', 50, 50, true],
  ['is put off for ever', Infinity, 1e9, false],
])('a deadline that is begun anew %s', async (_what, anewMs, atMs, isPast) => {
  const clock = aClock();
  const deadline = createDeadline({ clock, ms: 1000 });
  clock.pass(900);
  await turn();
  deadline.renew(anewMs);
  // It wakes on the way, and sees that it isn't time yet.
  for (const ms of [atMs / 2, atMs / 2]) {
    clock.pass(ms);
    await turn();
  }
  expect(deadline.isPast()).toBe(isPast);
  deadline.renew(1000);
  clock.pass(1000);
  await turn();
  expect(deadline.isPast()).toBe(true);
});
