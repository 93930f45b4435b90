import { expect, it } from 'vitest';
import { createClockWatch } from '../../../src/gateway/clock-watch.ts';
import type { Log } from '../../../src/ports.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import { aClock } from '../../support/a-repository.ts';

it('a clock that is far off is told once an hour in the log, and always to who asks and to the metrics', async () => {
  const clock = aClock();
  const lines: object[] = [];
  const log = { warn: (fields: object) => void lines.push(fields) } as unknown as Log;
  const { meter, format } = createMetrics();
  const watch = createClockWatch({ ...clock, log, meter });
  watch.note(-29_000);
  expect([watch.findWarnings(), lines]).toEqual([[], []]);
  for (let minute = 0; minute < 90; minute += 1) {
    watch.note(-1_200_000);
    clock.pass(60_000);
  }
  expect(lines).toEqual([{ aheadMs: -1_200_000 }, { aheadMs: -1_200_000 }]);
  expect(watch.findWarnings()).toHaveLength(1);
  expect((await format()).text).toContain('lkard_clock_ahead_seconds -1200');
  watch.note(10);
  expect(watch.findWarnings()).toEqual([]);
});
