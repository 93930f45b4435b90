import { GatewayError, isGatewayError } from '../errors.ts';
import type { Clock, Log, RandomBytes } from '../ports.ts';
import type { RepositoryCoordinates } from './coordinates.ts';
import type { Look, Scope } from './look.ts';
import { architecturesIn } from './participants.ts';
import type { Participant } from './participants.ts';

export interface PublishLoopDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** A look with one participant's rights. */
  readonly look: (participant: Participant, scope: Scope) => Promise<Look>;
  /** Puts the index of one architecture as the look says it should be, with one participant's rights. */
  readonly put: (participant: Participant, look: Look, architecture: string) => Promise<void>;
  /** Whether an index that covers the set is to be put again for its signatures. */
  readonly wantsSignatures: (look: Look, architecture: string) => boolean;
}

export interface PublishLoop {
  /** Resolves or rejects as the participant settles; PUBLISH_TIMEOUT past `timeoutMs`, with what it did left as it is. */
  join(participant: Participant): Promise<void>;
}

interface Seat {
  readonly participant: Participant;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Why this one's rights won't do for the common work, once the store said so. */
  refusal: GatewayError | undefined;
}

const firstPauseMs = 20;
const maxPauseMs = 1000;

/**
 * The publishing of one repository by this replica: everybody who waits shares its looks and puts.
 *
 *     repeat:  look;  let everybody judge what it shows;  put what doesn't cover the live set
 *
 * It runs with the rights of one who waits, of the next where the store refuses those, and never of one who is answered.
 */
export function createPublishLoop(
  deps: PublishLoopDeps,
  at: RepositoryCoordinates,
  { timeoutMs }: { readonly timeoutMs: number },
): PublishLoop {
  const seats = new Set<Seat>();
  let isRunning = false;

  const leave = (seat: Seat, answer: () => void) => {
    if (seats.delete(seat)) answer();
  };

  const settle = async (seat: Seat, seen: Look) => {
    try {
      if ((await seat.participant.settle(seen)) === 'done') leave(seat, seat.resolve);
    } catch (error) {
      if (isPassing(error)) throw error;
      leave(seat, () => {
        seat.reject(error);
      });
    }
  };

  /** One look and what follows from it: how many left, how many indexes were put, and whether somebody came meanwhile. */
  const round = async (carrier: Seat) => {
    const present = [...seats];
    const seen = await deps.look(carrier.participant, unionOf(present.map((seat) => seat.participant.scope)));
    await Promise.all(present.map((seat) => settle(seat, seen)));
    const rest = present.filter((seat) => seats.has(seat));
    const wanted = new Set(rest.flatMap((seat) => architecturesIn(seen, seat.participant.scope)));
    const stale = [...wanted].filter((one) => !seen.isCovered(one) || deps.wantsSignatures(seen, one));
    const putter = rest.find((seat) => seat.refusal === undefined);
    if (putter !== undefined) await Promise.all(stale.map((one) => deps.put(putter.participant, seen, one)));
    return { left: present.length - rest.length, puts: stale.length, hasNewcomers: seats.size > rest.length };
  };

  const rejectAll = (error: unknown) => {
    for (const seat of [...seats]) {
      leave(seat, () => {
        seat.reject(error);
      });
    }
  };

  /** Whoever carried a round that failed: are they to blame, is the registry, or is nothing to be done? */
  const recover = async (carrier: Seat, error: unknown) => {
    if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) {
      carrier.refusal = error;
      if ([...seats].every((seat) => seat.refusal !== undefined)) {
        for (const seat of [...seats])
          leave(seat, () => {
            seat.reject(seat.refusal);
          });
      }
      return;
    }
    if (isPassing(error)) {
      deps.log.warn({ ...at, err: error }, 'a publish round failed, trying again');
      return;
    }
    if (isGatewayError(error, 'TAG_IMMUTABLE'))
      await Promise.allSettled([...seats].map((seat) => seat.participant.abandon()));
    rejectAll(error);
  };

  const run = async () => {
    let fruitless = 0;
    while (seats.size > 0) {
      const carrier = [...seats].find((seat) => seat.refusal === undefined);
      if (carrier === undefined) break;
      const outcome = await round(carrier).catch(async (error: unknown) => {
        await recover(carrier, error);
        return undefined;
      });
      // The look that follows a put of ours is the proof that somebody waits for: no pause before it.
      fruitless = outcome !== undefined && outcome.left > 0 ? 0 : fruitless + 1;
      const isWorthLooking = outcome !== undefined && (outcome.puts > 0 || outcome.hasNewcomers);
      if (seats.size > 0 && (!isWorthLooking || fruitless > 1)) {
        await deps.clock.sleep(jitter(deps.random, Math.min(maxPauseMs, firstPauseMs * 2 ** fruitless)));
      }
    }
  };

  const start = () => {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch(rejectAll)
      .finally(() => {
        isRunning = false;
        if (seats.size > 0) start();
      });
  };

  return {
    async join(participant) {
      const timer = new AbortController();
      await new Promise<void>((resolve, reject) => {
        const seat: Seat = { participant, resolve, reject, refusal: undefined };
        seats.add(seat);
        void deps.clock.sleep(timeoutMs, timer.signal).then(() => {
          leave(seat, () => {
            reject(timedOut(at, timeoutMs));
          });
        });
        start();
      }).finally(() => {
        timer.abort();
      });
    },
  };
}

/** Faults that the next round may not meet. */
function isPassing(error: unknown): boolean {
  return isGatewayError(error, 'STORE_UNAVAILABLE', 'BLOB_UNKNOWN', 'DIGEST_MISMATCH');
}

function unionOf(scopes: readonly Scope[]): Scope {
  const union = new Set<string>();
  for (const scope of scopes) {
    if (scope === 'all') return 'all';
    for (const architecture of scope) union.add(architecture);
  }
  return [...union];
}

function jitter(random: RandomBytes, ms: number): number {
  return (ms * (1 + (random(1)[0] ?? 0))) / 256;
}

function timedOut({ branch, repository }: RepositoryCoordinates, timeoutMs: number): GatewayError {
  return new GatewayError(
    'PUBLISH_TIMEOUT',
    `the index of ${branch}/${repository} could not be published within ${timeoutMs / 1000} s; push again`,
    { details: { retryAfterSeconds: 5 } },
  );
}
