import { isGatewayError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import { msSince, type MonotonicMs } from '../../time/monotonic.ts';

/** For so long somebody waits who has something older to be given, in ms. */
const patienceMs = 1_500;
/** And so long who has nothing: proxies give up after 60 s. */
const longPatienceMs = 50_000;
/** Pauses between two tries behind the readers. */
const firstPauseMs = 250;
const maxPauseMs = 5_000;
/** Tries of which none has ended. */
const maxTries = 3;
/** Nothing is tried any more once nobody has read for so long. */
const idleMs = 15_000;

/** How long the readers of one index wait for the store. Their keys stand for their credentials. */
export interface Patience {
  /**
   * What `work` comes to; `late` where that takes too long for somebody who came at `cameMs`, or where the store fails and this one
   * has something older. Then it goes on, or is tried again, behind the readers. Throws its faults where there is nothing older.
   */
  run<T>(key: string, cameMs: MonotonicMs, work: () => Promise<T>, hasOld: () => boolean): Promise<T | 'late'>;
  /** Whether the last work was late and none has ended well since. To be asked for each reader: it goes on as long as somebody reads. */
  isLate(key: string): boolean;
  /** The store has answered somebody: all ask it again. */
  end(): void;
}

interface Trouble {
  readMs: MonotonicMs;
  readonly over: AbortController;
}

export function createPatience({ clock, log }: { readonly clock: Clock; readonly log: Log }): Patience {
  const troubles = new Map<string, Trouble>();

  const end = (key: string) => {
    troubles.get(key)?.over.abort();
    troubles.delete(key);
  };

  const tryAgain = async (key: string, { over }: Trouble, work: () => Promise<unknown>) => {
    let tries = 0;
    const attempt = async () => {
      tries += 1;
      try {
        await work();
        end(key);
      } catch (error) {
        if (!isStoreFault(error)) end(key);
      } finally {
        tries -= 1;
      }
    };
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, 2 * pauseMs)) {
      await clock.sleep(pauseMs, over.signal);
      const trouble = troubles.get(key);
      if (trouble?.over !== over) return;
      if (msSince(clock, trouble.readMs) >= idleMs) end(key);
      else if (tries < maxTries) void attempt();
    }
  };

  const begin = (key: string, running: Promise<unknown>, work: () => Promise<unknown>) => {
    const trouble = { readMs: clock.monotonicMs(), over: new AbortController() };
    end(key);
    troubles.set(key, trouble);
    running.then(
      () => {
        if (troubles.get(key) === trouble) end(key);
      },
      () => undefined,
    );
    void tryAgain(key, trouble, work);
  };

  return {
    async run(key, cameMs, work, hasOld) {
      if (troubles.has(key) && hasOld()) return 'late';
      const timer = new AbortController();
      const running = work();
      const leftMs = Math.max(0, (hasOld() ? patienceMs : longPatienceMs) - msSince(clock, cameMs));
      const late = clock.sleep(leftMs, timer.signal).then(() => 'late' as const);
      try {
        const outcome = await Promise.race([running, late]);
        if (outcome !== 'late') end(key);
        else if (hasOld()) begin(key, running, work);
        else
          running.catch((error: unknown) => {
            log.debug({ err: error }, 'what nobody waited for failed');
          });
        return outcome;
      } catch (error) {
        if (!isStoreFault(error) || !hasOld()) throw error;
        log.warn({ err: error }, 'the store is unavailable, the last good index is served');
        begin(key, running, work);
        return 'late';
      } finally {
        timer.abort();
      }
    },
    isLate(key) {
      const trouble = troubles.get(key);
      if (trouble !== undefined) trouble.readMs = clock.monotonicMs();
      return trouble !== undefined;
    },
    end() {
      for (const key of troubles.keys()) end(key);
    },
  };
}

/** Whether a fault is the store's, not this caller's or this program's. */
function isStoreFault(error: unknown): boolean {
  return isGatewayError(
    error,
    'STORE_UNAVAILABLE',
    'STORE_ANSWER_INVALID',
    'DIGEST_MISMATCH',
    'BLOB_UNKNOWN',
    'SIZE_EXCEEDED',
    'ABORTED',
  );
}
