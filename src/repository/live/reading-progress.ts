import type { Clock, Log } from '../../ports.ts';

/** Begins to count something that takes long; what it returns is to be called once for each that is done. */
export type BeginProgress = (total: number) => () => void;

/** Fewer are read before anybody would look into the log. */
const minTotal = 500;
const intervalMs = 5_000;

/** Writes a line when many packages are about to be read, one each five seconds, and one when all are. */
export function createReadingProgress(
  { clock, log }: { readonly clock: Pick<Clock, 'monotonicMs'>; readonly log: Pick<Log, 'info'> },
  where: object,
): BeginProgress {
  return (total) => {
    if (total < minTotal) return () => undefined;
    const tell = (done: number) => {
      log.info({ ...where, done, total }, `reading packages that no index lists: ${done} of ${total}`);
    };
    let done = 0;
    let toldAtMs = clock.monotonicMs();
    tell(done);
    return () => {
      done += 1;
      if (done < total && clock.monotonicMs() - toldAtMs < intervalMs) return;
      toldAtMs = clock.monotonicMs();
      tell(done);
    };
  };
}
