import type { Log, Meter } from '../ports.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../time/monotonic.ts';

/** Tells operators that this machine's clock and the registry's differ. */
export interface ClockWatch {
  /** The machine's clock is so many ms ahead of the registry's, below 0 behind it. */
  readonly note: (aheadMs: number) => void;
  /** One line where they differ by much, for who asks how the gateway is. */
  readonly findWarnings: () => readonly string[];
}

const maxOffMs = 30_000;
const warnEveryMs = 60 * 60_000;

/** Warns in the log once an hour while the two differ by more than 30 seconds, and always tells the metrics. */
export function createClockWatch(deps: MonotonicClock & { readonly log: Log; readonly meter: Meter }): ClockWatch {
  let ahead = 0;
  let warnedAt: MonotonicMs | undefined;
  const isOff = () => Math.abs(ahead) > maxOffMs;
  return {
    note(aheadMs) {
      ahead = aheadMs;
      deps.meter.clockAhead(aheadMs);
      if (!isOff() || (warnedAt !== undefined && msSince(deps, warnedAt) < warnEveryMs)) return;
      warnedAt = deps.monotonicMs();
      deps.log.warn({ aheadMs }, describe(aheadMs));
    },
    findWarnings: () => (isOff() ? [describe(ahead)] : []),
  };
}

function describe(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return `this machine's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the registry's`;
}
