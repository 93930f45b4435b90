import type { MonotonicClock } from '../time/monotonic.ts';

/** A limit of time as one signal for all that has to be done by then. */
export interface Deadline {
  /** Fires when the time is up (a `TimeoutError`), or when the signal that was handed in does (with its reason). */
  readonly signal: AbortSignal;
  /** Milliseconds that are left; 0 once it fired. */
  remainingMs(): number;
  /** Whether it fired. */
  isPast(): boolean;
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

/** Begins now. Whoever made it ends it, or its timer runs on. */
export function createDeadline({ clock, ms, signal }: DeadlineOptions): Deadline {
  const began = clock.monotonicMs();
  const firing = new AbortController();
  const ending = new AbortController();
  const fire = (reason: unknown) => {
    firing.abort(reason);
    end();
  };
  const leave = () => {
    fire(signal?.reason);
  };
  const end = () => {
    signal?.removeEventListener('abort', leave);
    ending.abort();
  };
  if (signal?.aborted === true) leave();
  else signal?.addEventListener('abort', leave);
  if (ms <= 0) fire(timeoutError());
  if (Number.isFinite(ms) && !ending.signal.aborted) {
    void clock.sleep(ms, ending.signal).then(() => {
      if (!ending.signal.aborted) fire(timeoutError());
    });
  }
  return {
    signal: firing.signal,
    remainingMs: () => (firing.signal.aborted ? 0 : Math.max(0, ms - (clock.monotonicMs() - began))),
    isPast: () => firing.signal.aborted,
    end,
  };
}

function timeoutError(): DOMException {
  return new DOMException('the time for it is up', 'TimeoutError');
}
