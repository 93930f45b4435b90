import { setMaxListeners } from 'node:events';
import { GatewayError } from '../../../errors.ts';
import { momentAfter, msSince, type MonotonicClock, type MonotonicMs } from '../../../time/monotonic.ts';
import { timerMs } from '../../../time/timers.ts';
import type { CallOptions } from '../../store.ts';

/** How long a call may go on. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** No pause is begun that would end after it. */
  readonly deadline?: MonotonicMs | undefined;
}

/**
 * Does the work within the call's signal and `patienceMs`. What is late then fails with STORE_UNAVAILABLE (`details.isLate`);
 * what the work returned, a stream for one, is no longer bound by it.
 */
export async function withPatience<T>(
  clock: MonotonicClock,
  { signal, patienceMs }: CallOptions,
  host: string,
  work: (patience: Patience) => Promise<T>,
): Promise<T> {
  // Each call under way listens: a publish makes more at once than the ten after which Node speaks of a leak.
  if (signal !== undefined) setMaxListeners(0, signal);
  if (patienceMs === undefined) return work({ signal });
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(lateFault(host, patienceMs));
  }, timerMs(patienceMs));
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  setMaxListeners(0, either);
  try {
    return await work({ signal: either, deadline: momentAfter(clock.monotonicMs(), patienceMs) });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a pause of that many ms ends in time. */
export function leavesTimeFor(clock: MonotonicClock, { deadline }: Patience, pauseMs: number): boolean {
  return deadline === undefined || pauseMs < -msSince(clock, deadline);
}

function lateFault(host: string, patienceMs: number): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `${host} doesn't answer within ${patienceMs} ms`, {
    details: { host, isLate: true, isFinal: true },
  });
}
