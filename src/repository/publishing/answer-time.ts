import { Readable } from 'node:stream';
import { createDeadline } from '../../concurrency/deadline.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { untilAborted } from '../../concurrency/aborted.ts';
import type { BlobSource, CallOptions } from '../../store/store.ts';

/**
 * The time within which somebody who changes a repository is answered, whatever the registry does: one limit and one signal for
 * all that is done for them, from the first request to the answer.
 */
export interface AnswerTime {
  /** Fires when the time is up. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** What a request is made with: it may take no longer than the caller waits. */
  call(): CallOptions;
  /** What undoing is done with, which has a moment more. What it can't undo then is left to the next publisher. */
  undoing(): CallOptions;
  /** The outcome of what others share and no signal ends; ABORTED when the time is up. */
  until<T>(shared: Promise<T>): Promise<T>;
  /** The outcome of all that is done for the caller, undoing included; PUBLISH_TIMEOUT where it ends because of the time. */
  within<T>(work: Promise<T>): Promise<T>;
  /** The caller is at work, not the registry: no time passes until `renew`. */
  pause(): void;
  /** The time begins again. */
  renew(): void;
  /** A body whose every piece that the store takes renews the time, and the last gives more: it has all of that to store. */
  flowing(source: BlobSource): BlobSource;
  readonly end: () => void;
}

/** For undoing, once the time is up. */
const undoMs = 2_000;
/** So much of a body goes at a time. */
const pieceBytes = 256 * 1024;
/** The least that a registry stores in a ms, of a body that it has. */
const storedBytesPerMs = 4 * 1024;

/** Begins now. Its maker ends it. */
export function createAnswerTime(clock: Clock, ms: number, { branch, repository }: RepositoryCoordinates): AnswerTime {
  const deadline = createDeadline({ clock, ms });
  const undone = createDeadline({ clock, ms: Infinity });
  deadline.signal.addEventListener('abort', () => {
    undone.renew(undoMs);
  });
  const message = `${branch}/${repository} could not be changed within ${ms / 1000} s; try again`;
  const timedOut = () => new GatewayError('PUBLISH_TIMEOUT', message, { details: { retryAfterSeconds: 5 } });
  const extend = (moreMs: number) => {
    deadline.renew(Math.max(deadline.remainingMs(), ms + moreMs));
  };

  return {
    signal: deadline.signal,
    remainingMs: () => deadline.remainingMs(),
    call: () => ({ signal: deadline.signal, patienceMs: deadline.remainingMs() }),
    undoing: () => ({ signal: undone.signal }),
    until: (shared) => untilAborted(shared, deadline.signal),
    async within(work) {
      try {
        return await untilAborted(work, undone.signal);
      } catch (error) {
        throw deadline.isPast() && isGatewayError(error, 'ABORTED') ? timedOut() : error;
      }
    },
    pause() {
      deadline.renew(Infinity);
    },
    renew() {
      deadline.renew(ms);
    },
    flowing: (source) => {
      const onSent = () => {
        extend(source.size / storedBytesPerMs);
      };
      const onTaken = (isLast: boolean) => {
        if (isLast) onSent();
        else extend(0);
      };
      return { ...source, onSent, open: () => inPieces(source.open(), onTaken) };
    },
    end() {
      deadline.end();
      undone.end();
    },
  };
}

/** The outcome of work that begins now for a caller who is answered within that time, undoing included. */
export async function answeredInTime<T>(
  clock: Clock,
  ms: number,
  at: RepositoryCoordinates,
  work: (time: AnswerTime) => Promise<T>,
): Promise<T> {
  const time = createAnswerTime(clock, ms, at);
  return await time.within(work(time)).finally(time.end);
}

/** A body in pieces of some hundred KiB; `onTaken` is called as each is asked for, and once more after the last one. */
function inPieces(body: Readable | Uint8Array, onTaken: (isLast: boolean) => void): Readable | Uint8Array {
  if (body instanceof Uint8Array && body.length <= pieceBytes) return body;
  return Readable.from(piecesOf(body, onTaken), { objectMode: false });
}

async function* piecesOf(body: Readable | Uint8Array, onTaken: (isLast: boolean) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body instanceof Uint8Array ? slicesOf(body) : (body as AsyncIterable<Uint8Array>)) {
    onTaken(false);
    yield chunk;
  }
  onTaken(true);
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
