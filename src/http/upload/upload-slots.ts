import { GatewayError } from '../../errors.ts';
import { timerMs } from '../../time/timers.ts';

/** Room for so many uploads at once, and a queue for more; where both are full the answer is OVERLOADED. */
export interface UploadSlots {
  /** Throws OVERLOADED where there is room neither to upload nor to wait. */
  refuseIfFull(): void;
  /**
   * Takes a slot, in the order of coming, and returns what gives it back. Nothing of a body is read meanwhile. Throws
   * OVERLOADED where no slot came free in time, ABORTED where the caller left.
   */
  take(signal?: AbortSignal): Promise<() => void>;
}

export interface UploadSlotsOptions {
  /** Uploads under way at once. */
  readonly maxUploads: number;
  /** More that may wait. */
  readonly maxWaiting: number;
  /** How long, in milliseconds. */
  readonly waitMs: number;
  /** What one is called where it is refused. Default: upload. */
  readonly what?: string | undefined;
  /** Called on each change. */
  readonly onChange?: ((counts: { readonly taken: number; readonly waiting: number }) => void) | undefined;
}

interface Waiting {
  readonly admit: () => void;
}

export function createUploadSlots(options: UploadSlotsOptions): UploadSlots {
  const { maxUploads, maxWaiting, waitMs, onChange, what = 'upload' } = options;
  const queue = new Set<Waiting>();
  let taken = 0;
  const changed = () => onChange?.({ taken, waiting: queue.size });

  const giveBack = () => {
    const [next] = queue;
    // Handed on, so that nobody gets in before those who wait.
    if (next !== undefined) next.admit();
    else taken -= 1;
    changed();
  };

  const waitForRoom = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        queue.delete(waiting);
        changed();
      };
      const abort = () => {
        leave();
        reject(
          new GatewayError('ABORTED', 'the caller left before there was room', {
            cause: signal?.reason,
          }),
        );
      };
      const waiting: Waiting = {
        admit() {
          leave();
          resolve();
        },
      };
      const timer = setTimeout(() => {
        leave();
        reject(overloaded(`no ${what} ended within ${waitMs / 1000} s`));
      }, timerMs(waitMs));
      queue.add(waiting);
      changed();
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
    });

  const refuseIfFull = () => {
    if (taken >= maxUploads && queue.size >= maxWaiting)
      throw overloaded(`${taken} ${what}s are under way and ${queue.size} wait`);
  };

  return {
    refuseIfFull,
    async take(signal) {
      refuseIfFull();
      if (taken < maxUploads) {
        taken += 1;
        changed();
      } else {
        await waitForRoom(signal);
      }
      let isTaken = true;
      return () => {
        if (isTaken) giveBack();
        isTaken = false;
      };
    },
  };
}

function overloaded(what: string): GatewayError {
  return new GatewayError('OVERLOADED', `${what}; try again soon`);
}
