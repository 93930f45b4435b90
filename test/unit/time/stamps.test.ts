import { describe, expect, it } from 'vitest';
import { createSharedClock, type SharedClock } from '../../../src/time/stamps.ts';
import { aClock, type TestClock } from '../../support/a-repository.ts';

const dateOf = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toUTCString();

/** Asks a server whose clock is `aheadMs` ahead of the test's wall clock, at odd moments. */
function ask(clock: TestClock, shared: SharedClock, aheadMs: number, times = 15) {
  for (let i = 0; i < times; i += 1) {
    clock.pass(1_370);
    const sentAt = clock.monotonicMs();
    clock.pass(20);
    const date = dateOf(clock.now() + aheadMs);
    clock.pass(20);
    shared.note(date, sentAt);
  }
}

describe('a clock that replicas share', () => {
  it("is the machine's own until the server has told the time", () => {
    const clock = aClock();
    const shared = createSharedClock(clock);
    expect(shared.stamp()).toBe(clock.now());
    shared.note(undefined, clock.monotonicMs());
    shared.note('yesterday', clock.monotonicMs());
    expect(shared.stamp()).toBe(clock.now());
  });

  it.each([0, 90_000, -1_200_000])("is the server's, whatever the machine's clock says: %i ms", (aheadMs) => {
    const clock = aClock();
    const measured: number[] = [];
    const shared = createSharedClock({ ...clock, onMeasured: (ms) => measured.push(ms) });
    ask(clock, shared, aheadMs);
    expect(Math.abs(shared.stamp() - (clock.now() + aheadMs))).toBeLessThan(300);
    expect(Math.abs((measured.at(-1) ?? 0) + aheadMs)).toBeLessThan(300);
  });

  it('goes on evenly while the clock of this machine is set back', () => {
    const clock = aClock();
    const shared = createSharedClock(clock);
    ask(clock, shared, 0);
    const before = shared.stamp();
    clock.step(-1_200_000);
    clock.pass(1_000);
    expect(shared.stamp() - before).toBe(1_000);
  });

  it("follows a step of the server's clock, but not one answer that is off", () => {
    const clock = aClock();
    const shared = createSharedClock(clock);
    ask(clock, shared, 0);
    ask(clock, shared, 600_000, 1);
    expect(Math.abs(shared.stamp() - clock.now())).toBeLessThan(1_000);
    ask(clock, shared, 0);
    ask(clock, shared, 600_000, 2);
    expect(Math.abs(shared.stamp() - (clock.now() + 600_000))).toBeLessThan(1_000);
  });

  it('learns nothing from an answer that took long', () => {
    const clock = aClock();
    const shared = createSharedClock(clock);
    const sentAt = clock.monotonicMs();
    clock.pass(30_000);
    shared.note(dateOf(clock.now() + 600_000), sentAt);
    expect(shared.stamp()).toBe(clock.now());
  });
});
