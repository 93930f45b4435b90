import type { Clock, Log, Meter } from '../../ports.ts';

/** Begins to count something that takes long. */
export type BeginProgress = (total: number) => Progress;

export interface Progress {
  /** One more is done. */
  readonly passed: () => void;
  /** None of the rest will be. */
  readonly end: () => void;
}

/** Fewer are read before anybody would look into the log. */
const minTotal = 500;
const intervalMs = 5_000;
const silent: Progress = { passed: () => undefined, end: () => undefined };

export interface ReadingProgressDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Log, 'info'>;
  readonly meter?: Pick<Meter, 'packagesToRead'> | undefined;
}

/**
 * Writes a line when many packages are about to be read, one each five seconds, and one when all are; the meter is told how
 * many are left.
 */
export function createReadingProgress({ clock, log, meter }: ReadingProgressDeps, where: object): BeginProgress {
  return (total) => {
    if (total < minTotal) return silent;
    const tell = (done: number) => {
      log.info({ ...where, done, total }, `reading packages that no index lists: ${done} of ${total}`);
    };
    let done = 0;
    let toldAtMs = clock.monotonicMs();
    tell(done);
    meter?.packagesToRead(total);
    return {
      passed() {
        done += 1;
        meter?.packagesToRead(-1);
        if (done < total && clock.monotonicMs() - toldAtMs < intervalMs) return;
        toldAtMs = clock.monotonicMs();
        tell(done);
      },
      end() {
        meter?.packagesToRead(done - total);
      },
    };
  };
}
