import { momentAfter, msSince, type MonotonicClock, type MonotonicMs } from '../time/monotonic.ts';

/** A limit of time as one signal for all that has to be done by then. */
export interface Deadline {
  /** Fires when the time is up (a `TimeoutError`), or when the signal that was handed in does (with its reason). */
  readonly signal: AbortSignal;
  /** Milliseconds that are left; 0 once it fired. */
  remainingMs(): number;
  /** Whether it fired. */
  isPast(): boolean;
  /** Begins again, with so many ms from now on (Infinity: until it is begun again), unless it is past. */
  renew(ms: number): void;
  /** What had to be done is done: it never fires by itself any more. */
  end(): void;
}

export interface DeadlineOptions {
  readonly clock: MonotonicClock & {
    /** Resolves after that time, or at once when the signal fires. */
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
  /** From now on. Infinity for never. */
  readonly ms: number;
  /** Ends everything early. */
  readonly signal?: AbortSignal | undefined;
}

interface Sleep {
  readonly until: MonotonicMs;
  readonly waking: AbortController;
}

/** Why a sleep ends early. Without a reason each abort makes an error with its stack, which costs a push more than reading it. */
const wakened = 'wakened';

/** Begins now. Its maker ends it, or its timer runs on. */
export function createDeadline({ clock, ms, signal }: DeadlineOptions): Deadline {
  const firing = new AbortController();
  let isOver = false;
  let endsAt = momentAfter(clock.monotonicMs(), ms);
  let sleeping: Sleep | undefined;

  const remainingMs = () => (firing.signal.aborted ? 0 : Math.max(0, -msSince(clock, endsAt)));
  const end = () => {
    isOver = true;
    signal?.removeEventListener('abort', leave);
    sleeping?.waking.abort(wakened);
  };
  const fire = (reason: unknown) => {
    end();
    firing.abort(reason);
  };
  const leave = () => {
    fire(signal?.reason);
  };
  const sleep = () => {
    if (isOver) return;
    const ms = remainingMs();
    sleeping = undefined;
    if (ms === 0) fire(new DOMException('the time for it is up', 'TimeoutError'));
    if (ms === 0 || ms === Infinity) return;
    const waking = new AbortController();
    sleeping = { until: endsAt, waking };
    void clock.sleep(ms, waking.signal).then(() => {
      if (sleeping?.waking === waking) sleep();
    });
  };

  if (signal?.aborted === true) leave();
  else signal?.addEventListener('abort', leave);
  sleep();
  return {
    signal: firing.signal,
    remainingMs,
    isPast: () => firing.signal.aborted,
    renew(ms) {
      endsAt = momentAfter(clock.monotonicMs(), ms);
      // One that sleeps until an earlier moment looks again then.
      if (sleeping !== undefined && sleeping.until <= endsAt) return;
      const { waking } = sleeping ?? {};
      sleep();
      waking?.abort(wakened);
    },
    end,
  };
}
