import { describe, expect, it } from 'vitest';
import { createReadingProgress } from '../../../../src/repository/live/reading-progress.ts';
import { aClock } from '../../../support/a-repository.ts';
import { aLog } from '../../../support/signing-keys.ts';

describe('the progress of reading packages', () => {
  it('is told when many are read, each five seconds and at the end', () => {
    const clock = aClock();
    const log = aLog();
    const { passed } = createReadingProgress({ clock, log }, { image: 'team/app' })(1000);
    for (let i = 0; i < 1000; i += 1) {
      clock.pass(11);
      passed();
    }
    const done = log.lines.map(({ fields }) => (fields as { done: number }).done);
    expect(done).toEqual([0, 455, 910, 1000]);
    expect(log.lines[1]?.message).toBe('reading packages that no index lists: 455 of 1000');
  });

  it('is not told of a few', () => {
    const log = aLog();
    const { passed } = createReadingProgress({ clock: aClock(), log }, {})(64);
    for (let i = 0; i < 64; i += 1) passed();
    expect(log.lines).toEqual([]);
  });

  it('is a count of those that are left, none once nobody reads on', () => {
    let left = 0;
    const meter = { packagesToRead: (change: number) => void (left += change) };
    const begin = createReadingProgress({ clock: aClock(), log: aLog(), meter }, {});
    const [whole, broken] = [begin(1000), begin(600)];
    for (let i = 0; i < 100; i += 1) broken.passed();
    expect(left).toBe(1500);
    broken.end();
    for (let i = 0; i < 1000; i += 1) whole.passed();
    whole.end();
    expect(left).toBe(0);
  });
});
