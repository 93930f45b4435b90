import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Clock, Log, Meter, PublishCause, RandomBytes } from '../../ports.ts';
import type { CallOptions } from '../../store/store.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Look, Scope } from '../live/look.ts';
import type { KnownIndexes, LookOptions } from '../live/read-then-list.ts';
import type { StoredIndex } from '../index/stored-index.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { rejectionOn, type AnswerTime } from './answer-time.ts';
import { architecturesIn, type Participant } from './participant.ts';

export interface PublishLoopDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  /** A look with one participant's rights. */
  readonly look: (participant: Participant, scope: Scope, call: LookOptions) => Promise<Look>;
  /** Puts the index of one architecture as the look says it should be, with one participant's rights; what was put. */
  readonly put: (participant: Participant, look: Look, architecture: string, call: CallOptions) => Promise<StoredIndex>;
  /** Buries what lost its name for good, with one participant's rights. */
  readonly clear: (participant: Participant, look: Look, call: CallOptions) => Promise<void>;
  /** Clears away what is left of the dead, while that participant waits. Never throws. */
  readonly tidy: (participant: Participant, look: Look, call: CallOptions) => Promise<void>;
  /** Whether an index that covers the set is to be put again for its signatures. */
  readonly wantsSignatures: (look: Look, architecture: string) => boolean;
}

export interface PublishLoop {
  /** Resolves or rejects as the participant settles; ABORTED when their time is up, with what they did left as it is. */
  join(participant: Participant, time: WaitingTime): Promise<void>;
}

/** For how long somebody waits. */
export type WaitingTime = Pick<AnswerTime, 'signal' | 'remainingMs' | 'call'>;

interface Seat {
  readonly participant: Participant;
  readonly time: WaitingTime;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Why this one's rights won't do for the common work, once the store said so. */
  refusal: GatewayError | undefined;
  /** Fires when this one is answered: their rights serve nobody from then on. */
  readonly left: AbortController;
  /** Rejects then: one whose requests hang holds up the others no longer than it waits itself. */
  readonly gone: Promise<never>;
}

/** What came of a round. */
interface Outcome {
  /** How many left. */
  readonly left: number;
  /** The indexes that were put, if any. */
  readonly put: KnownIndexes | undefined;
  readonly hasNewcomers: boolean;
}

const firstPauseMs = 20;
const maxPauseMs = 1000;
const putConcurrency = 8;

/**
 * The publishing of one repository by this replica: everybody who waits shares its looks and puts.
 *
 *     repeat:  look;  let everybody judge what it shows;  put what doesn't cover the live set
 *
 * It runs with the rights of one who waits, of the next where the store refuses those, and never of one who is answered.
 */
export function createPublishLoop(deps: PublishLoopDeps, at: RepositoryCoordinates): PublishLoop {
  const seats = new Set<Seat>();
  let isRunning = false;
  let pause = new AbortController();

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

  /** Shows a look to one who waits. A fault that may pass leaves them waiting for the next one. */
  const settle = async (seat: Seat, seen: Look) => {
    try {
      const verdict = await Promise.race([seat.participant.settle(seen), seat.gone]);
      if (verdict === 'done') leave(seat, seat.resolve);
    } catch (error) {
      if (isPassing(error) && isInTime(seat, error))
        deps.log.warn({ ...at, err: error }, 'a publisher could not act on a look, trying again');
      else rejectAll([seat], () => error);
    }
  };

  /** Work with one seat's rights; undefined where it failed, with the blame laid on whose rights they were. */
  const attempt = async <T extends object>(seat: Seat, work: (call: CallOptions) => Promise<T>) => {
    try {
      return await Promise.race([work(callOf(seat)), seat.gone]);
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
      if (isInTime(seat, error)) deps.log.warn({ ...at, err: error }, 'a publish round failed, trying again');
      else rejectAll([seat], () => error);
      return;
    }
    const present = [...seats];
    if (isGatewayError(error, 'TAG_IMMUTABLE')) {
      await Promise.allSettled(present.map((one) => Promise.race([one.participant.abandon(), one.gone])));
    }
    rejectAll(present, () => error);
  };

  /**
   * One look and what follows from it: how many left, which indexes were put, and whether somebody came meanwhile.
   * Undefined where it failed.
   */
  const round = async (carrier: Seat, known: KnownIndexes | undefined): Promise<Outcome | undefined> => {
    const present = [...seats];
    const scope = [...new Set(present.flatMap((seat) => seat.participant.scope))];
    const seen = await attempt(carrier, (call) => deps.look(carrier.participant, scope, { ...call, known }));
    if (seen === undefined) return undefined;
    await Promise.all(present.filter((seat) => seats.has(seat)).map((seat) => settle(seat, seen)));
    const rest = present.filter((seat) => seats.has(seat));
    const wanted = new Set(rest.flatMap((seat) => architecturesIn(seen, seat.participant.scope)));
    const stale = [...wanted].filter((one) => !seen.isCovered(one) || deps.wantsSignatures(seen, one));
    const putter = rest.find((seat) => seat.refusal === undefined);
    // Not waited for: it ends with the wait of whose rights it uses.
    if (putter !== undefined) void deps.tidy(putter.participant, seen, callOf(putter));
    const work = async ({ participant }: Seat, call: CallOptions) => {
      await deps.clear(participant, seen, call);
      const sinceMs = deps.clock.monotonicMs();
      const puts = await inParallel(
        stale,
        putConcurrency,
        async (one) => [one, await deps.put(participant, seen, one, call)] as const,
      );
      return { stored: new Map(puts), sinceMs };
    };
    const put = putter && (await attempt(putter, (call) => work(putter, call)));
    if (putter !== undefined && put === undefined) return undefined;
    const hasNewcomers = [...seats].some((seat) => !present.includes(seat));
    return { left: present.length - rest.length, put: put?.stored.size === 0 ? undefined : put, hasNewcomers };
  };

  const run = async () => {
    let fruitless = 0;
    let cause: PublishCause = 'joined';
    let known: KnownIndexes | undefined;
    while (seats.size > 0) {
      const carrier = [...seats].find((seat) => seat.refusal === undefined);
      if (carrier === undefined) {
        rejectAll(seats, (seat) => seat.refusal);
        return;
      }
      deps.meter?.publishRound(cause);
      const outcome = await round(carrier, known);
      cause = causeOfNext(outcome);
      // The look that follows a put of ours is the proof that somebody waits for: no pause before it. It has only to list.
      known = outcome?.put;
      fruitless = outcome !== undefined && outcome.left > 0 ? 0 : fruitless + 1;
      const isWorthLooking = outcome !== undefined && (outcome.put !== undefined || outcome.hasNewcomers);
      if (seats.size > 0 && (!isWorthLooking || fruitless > 1)) {
        known = undefined;
        pause = new AbortController();
        const pauseMs = jitter(deps.random, Math.min(maxPauseMs, firstPauseMs * 2 ** fruitless));
        await deps.clock.sleep(pauseMs, pause.signal);
        if (pause.signal.aborted) cause = 'joined';
      }
    }
  };

  const start = () => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch((error: unknown) => {
        rejectAll(seats, () => error);
      })
      .finally(() => {
        isRunning = false;
        if (seats.size > 0) start();
      });
  };

  return {
    async join(participant, time) {
      const left = new AbortController();
      const gone = rejectionOn(left.signal);
      await new Promise<void>((resolve, reject) => {
        const seat: Seat = { participant, time, resolve, reject, refusal: undefined, left, gone };
        const leaveLate = () => {
          rejectAll([seat], () => new GatewayError('ABORTED', 'the time to publish is up'));
        };
        seats.add(seat);
        time.signal.addEventListener('abort', leaveLate, { signal: left.signal });
        if (time.signal.aborted) leaveLate();
        else start();
        // Those who wait for something that lasts don't slow down who comes.
        pause.abort();
      });
    },
  };
}

function callOf({ time, left }: Seat): CallOptions {
  return { ...time.call(), signal: left.signal };
}

function causeOfNext(outcome: Outcome | undefined): PublishCause {
  if (outcome === undefined) return 'failed';
  if (outcome.put !== undefined) return 'put';
  return outcome.hasNewcomers ? 'joined' : 'waiting';
}

/** Faults that the next round may not meet. */
function isPassing(error: unknown): error is GatewayError {
  return isGatewayError(error, 'STORE_UNAVAILABLE', 'BLOB_UNKNOWN', 'DIGEST_MISMATCH');
}

/** Whether the store may be asked again before this one's time is up. */
function isInTime({ time }: Seat, { details }: GatewayError): boolean {
  return Number(details['retryAfterSeconds'] ?? 0) * 1000 < time.remainingMs();
}

function jitter(random: RandomBytes, ms: number): number {
  return (ms * (1 + (random(1)[0] ?? 0))) / 256;
}
