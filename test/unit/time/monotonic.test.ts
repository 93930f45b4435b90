import { expect, it } from 'vitest';
import { momentAfter, monotonicMs, msSince } from '../../../src/time/monotonic.ts';
import { aClock } from '../../support/a-repository.ts';

it('the time that something took is told rightly though the wall clock was set back meanwhile', () => {
  const clock = aClock();
  const [began, beganWall] = [clock.monotonicMs(), clock.now()];
  clock.pass(250);
  clock.step(-1_200_000);
  expect(msSince(clock, began)).toBe(250);
  expect(clock.now()).toBeLessThan(beganWall);
});

it("a moment to come is so many ms after another, and the machine's clock goes on", () => {
  const clock = aClock();
  const due = momentAfter(clock.monotonicMs(), 40);
  clock.pass(50);
  expect(msSince(clock, due)).toBe(10);
  const began = monotonicMs();
  expect(msSince({ monotonicMs }, began)).toBeGreaterThanOrEqual(0);
});
