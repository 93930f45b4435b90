import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { untilAborted } from '../../concurrency/aborted.ts';
import type { CallOptions } from '../../store/store.ts';
import type { Look } from '../live/look.ts';
import type { AnswerTime } from './answer-time.ts';
import type { Participant } from './participant.ts';

/** For how long somebody waits. */
export type WaitingTime = Pick<AnswerTime, 'signal' | 'remainingMs' | 'call'>;

/** Somebody who waits. */
export interface Seat {
  readonly participant: Participant;
  readonly time: WaitingTime;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Why this one's rights won't do for the common work, once the store said so. */
  refusal: GatewayError | undefined;
  /** Whether a look was shown to this one. */
  hasLooked: boolean;
  /** Fires when this one is answered: their rights serve nobody from then on. */
  readonly left: AbortController;
}

/** Those who wait for one repository's publishing, each until they are answered. */
export interface Seats {
  readonly all: ReadonlySet<Seat>;
  has(seat: Seat): boolean;
  /** Resolves or rejects as the participant settles; `onSeated` is called once they wait. */
  take(participant: Participant, time: WaitingTime, onSeated: () => void): Promise<void>;
  /** Answers some. */
  reject(some: Iterable<Seat>, errorOf: (seat: Seat) => unknown): void;
  /** Shows a look to one who waits. A fault that may pass leaves them waiting for the next one. */
  settle(seat: Seat, seen: Look): Promise<void>;
  /** Work with one seat's rights; undefined where it failed, with the blame laid on whose rights they were. */
  attempt<T extends object>(seat: Seat, work: (call: CallOptions) => Promise<T>): Promise<T | undefined>;
}

export function createSeats(log: Log, at: RepositoryCoordinates): Seats {
  const seats = new Set<Seat>();

  const leave = (seat: Seat, answer: () => void) => {
    if (!seats.delete(seat)) return;
    answer();
    seat.left.abort();
  };

  const rejectAll = (present: Iterable<Seat>, errorOf: (seat: Seat) => unknown) => {
    for (const seat of [...present]) {
      leave(seat, () => {
        seat.reject(errorOf(seat));
      });
    }
  };

  const settle = async (seat: Seat, seen: Look) => {
    seat.hasLooked = true;
    try {
      const verdict = await whileWaiting(seat, seat.participant.settle(seen));
      if (verdict === 'done') leave(seat, seat.resolve);
    } catch (error) {
      if (isPassing(error) && isInTime(seat, error))
        log.warn({ ...at, err: error }, 'a publisher could not act on a look, trying again');
      else rejectAll([seat], () => error);
    }
  };

  const attempt = async <T extends object>(seat: Seat, work: (call: CallOptions) => Promise<T>) => {
    try {
      return await whileWaiting(seat, work(callOf(seat)));
    } catch (error) {
      await recover(seat, error);
      return undefined;
    }
  };

  /** After work with one seat's rights failed: were these to blame, or the registry, or can nothing be done? */
  const recover = async (seat: Seat, error: unknown) => {
    if (!seats.has(seat)) return;
    if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) {
      seat.refusal = error;
      return;
    }
    if (isPassing(error)) {
      // Another who waits may not be asked to.
      if (isInTime(seat, error)) log.warn({ ...at, err: error }, 'a publish round failed, trying again');
      else rejectAll([seat], () => error);
      return;
    }
    const present = [...seats];
    if (isGatewayError(error, 'TAG_IMMUTABLE')) {
      await Promise.allSettled(present.map((one) => whileWaiting(one, one.participant.abandon())));
    }
    rejectAll(present, () => error);
  };

  return {
    all: seats,
    has: (seat) => seats.has(seat),
    async take(participant, time, onSeated) {
      const left = new AbortController();
      await new Promise<void>((resolve, reject) => {
        const seat: Seat = { participant, time, resolve, reject, refusal: undefined, hasLooked: false, left };
        const leaveLate = () => {
          rejectAll([seat], () => new GatewayError('ABORTED', 'the time to publish is up'));
        };
        seats.add(seat);
        time.signal.addEventListener('abort', leaveLate, { signal: left.signal });
        if (time.signal.aborted) leaveLate();
        onSeated();
      });
    },
    reject: rejectAll,
    settle,
    attempt,
  };
}

/** One whose requests hang holds up the others no longer than it waits itself. */
function whileWaiting<T>({ left }: Seat, work: Promise<T>): Promise<T> {
  return untilAborted(work, left.signal);
}

/** What a request is made with that is made with somebody's rights: it ends when they are answered. */
export function callOf({ time, left }: Seat): CallOptions {
  return { ...time.call(), signal: left.signal };
}

/** Faults that the next round may not meet. */
function isPassing(error: unknown): error is GatewayError {
  return isGatewayError(error, 'STORE_UNAVAILABLE', 'BLOB_UNKNOWN', 'DIGEST_MISMATCH');
}

/** Whether the store may be asked again before this one's time is up. */
function isInTime({ time }: Seat, { details }: GatewayError): boolean {
  return Number(details['retryAfterSeconds'] ?? 0) * 1000 < time.remainingMs();
}
