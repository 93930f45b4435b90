import type { Clock, Log, Meter, PublishCause, RandomBytes } from '../../ports.ts';
import type { CallOptions } from '../../store/store.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Look, Scope } from '../live/look.ts';
import type { LookOptions } from '../live/read-then-list.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import type { PutOptions } from './index-writer.ts';
import type { OpenedUploads } from './opened-uploads.ts';
import { architecturesIn, type Participant } from './participant.ts';
import { callOf, createSeats, type Seat, type WaitingTime } from './seats.ts';

export interface PublishLoopDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly meter?: Meter | undefined;
  /** A look with one participant's rights. */
  readonly look: (participant: Participant, scope: Scope, call: LookOptions) => Promise<Look>;
  /** Puts the index of one architecture as the look says it should be, with one participant's rights. */
  readonly put: (participant: Participant, look: Look, architecture: string, call: PutOptions) => Promise<unknown>;
  /** Opens upload sessions for what will most likely be put, with one participant's rights. */
  readonly open: (participant: Participant, call: CallOptions) => OpenedUploads | undefined;
  /** Buries what lost its name for good, and again whose tombstone the registry lost, with one participant's rights. */
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

/** What came of a round. */
interface Outcome {
  /** How many left. */
  readonly left: number;
  readonly hasPut: boolean;
  readonly hasNewcomers: boolean;
}

/** Upload sessions, and with whose rights they were opened. */
interface Opened {
  readonly by: Seat;
  readonly uploads: OpenedUploads;
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
  const seats = createSeats(deps.log, at);
  let isRunning = false;
  let pause = new AbortController();

  /**
   * One look and what follows from it: how many left, which indexes were put, and whether somebody came meanwhile.
   * Undefined where it failed.
   */
  const round = async (carrier: Seat): Promise<Outcome | undefined> => {
    const present = [...seats.all];
    const opened = openFor(present);
    try {
      return await lookAndPut(carrier, present, opened);
    } finally {
      // Once their owner is answered nothing is asked for any more with their rights: the registry clears up after them.
      if (opened !== undefined && seats.has(opened.by)) void opened.uploads.close();
    }
  };

  /** Who comes alone waits for an index. Of several some are listed by another replica's already. */
  const openFor = ([by, ...others]: readonly Seat[]): Opened | undefined => {
    if (by === undefined || by.hasLooked || others.length > 0) return undefined;
    const uploads = deps.open(by.participant, callOf(by));
    return uploads && { by, uploads };
  };

  const lookAndPut = async (
    carrier: Seat,
    present: readonly Seat[],
    opened: Opened | undefined,
  ): Promise<Outcome | undefined> => {
    const scope = [...new Set(present.flatMap((seat) => seat.participant.scope))];
    const seen = await seats.attempt(carrier, (call) =>
      deps.look(carrier.participant, scope, { ...call, isEager: true }),
    );
    if (seen === undefined) return undefined;
    await Promise.all(present.filter((seat) => seats.has(seat)).map((seat) => seats.settle(seat, seen)));
    const rest = present.filter((seat) => seats.has(seat));
    const wanted = new Set(rest.flatMap((seat) => architecturesIn(seen, seat.participant.scope)));
    const stale = [...wanted].filter((one) => !seen.isCovered(one) || deps.wantsSignatures(seen, one));
    const putter = rest.find((seat) => seat === opened?.by) ?? rest.find((seat) => seat.refusal === undefined);
    // Not waited for: it ends with the wait of whose rights it uses.
    if (putter !== undefined) void deps.tidy(putter.participant, seen, callOf(putter));
    const uploads = putter === opened?.by ? opened?.uploads : undefined;
    const put = putter && (await seats.attempt(putter, (call) => putAll(putter, seen, stale, { ...call, uploads })));
    if (putter !== undefined && put === undefined) return undefined;
    const hasNewcomers = [...seats.all].some((seat) => !present.includes(seat));
    return { left: present.length - rest.length, hasPut: putter !== undefined && stale.length > 0, hasNewcomers };
  };

  const putAll = async ({ participant }: Seat, seen: Look, stale: readonly string[], call: PutOptions) => {
    await deps.clear(participant, seen, call);
    return await inParallel(stale, putConcurrency, (one) => deps.put(participant, seen, one, call));
  };

  const run = async () => {
    let fruitless = 0;
    let cause: PublishCause = 'joined';
    while (seats.all.size > 0) {
      const carrier = [...seats.all].find((seat) => seat.refusal === undefined);
      if (carrier === undefined) {
        seats.reject(seats.all, (seat) => seat.refusal);
        return;
      }
      deps.meter?.publishRound(cause);
      const outcome = await round(carrier);
      cause = causeOfNext(outcome);
      fruitless = outcome !== undefined && outcome.left > 0 ? 0 : fruitless + 1;
      // The look that follows a put of ours is the proof that somebody waits for: no pause before it.
      const isWorthLooking = outcome !== undefined && (outcome.hasPut || outcome.hasNewcomers);
      if (seats.all.size > 0 && (!isWorthLooking || fruitless > 1)) {
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
        seats.reject(seats.all, () => error);
      })
      .finally(() => {
        isRunning = false;
        if (seats.all.size > 0) start();
      });
  };

  return {
    join: (participant, time) =>
      seats.take(participant, time, () => {
        start();
        // Those who wait for something that lasts don't slow down who comes.
        pause.abort();
      }),
  };
}

function causeOfNext(outcome: Outcome | undefined): PublishCause {
  if (outcome === undefined) return 'failed';
  if (outcome.hasPut) return 'put';
  return outcome.hasNewcomers ? 'joined' : 'waiting';
}

function jitter(random: RandomBytes, ms: number): number {
  return (ms * (1 + (random(1)[0] ?? 0))) / 256;
}
