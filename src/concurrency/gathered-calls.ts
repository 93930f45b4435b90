import { createBoundedCache } from './bounded-cache.ts';

/** What measures and waits, in ms. */
export interface GatherClock {
  monotonicMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

interface Batch<T> {
  readonly call: () => Promise<T>;
  readonly promise: Promise<T>;
  readonly resolve: (result: Promise<T>) => void;
  /** Ends the wait for those who are expected. */
  readonly complete: AbortController;
  count: number;
}

interface Line<T> {
  next: Batch<T> | undefined;
  isRunning: boolean;
  /** How many most likely share the next call: those who shared the last one come back. */
  expected: number;
  tookMs: number;
}

/** Calls of other names that are remembered. */
const maxLines = 10_000;
/** The share of a call's time for which it waits for those who are expected, and its bounds in ms. */
const gatherShare = 0.25;
const leastGatherMs = 1;
const mostGatherMs = 10;
/** Without a reason each abort makes an error with its stack. */
const allCame = 'all came';

/**
 * Calls that many may share, where each must begin after its callers asked. One runs at a time; who comes meanwhile shares the
 * next. That waits a little for as many as shared the last, since many who ask one after the other would else split into two
 * camps, each of which waits for both calls. Who is alone never waits.
 */
export function createGatheredCalls<T>(clock: GatherClock): (key: string, call: () => Promise<T>) => Promise<T> {
  const lines = createBoundedCache<Line<T>>(maxLines);

  const lineOf = (key: string): Line<T> => {
    const known = lines.get(key);
    if (known !== undefined) return known;
    const line: Line<T> = { next: undefined, isRunning: false, expected: 1, tookMs: 0 };
    lines.set(key, line);
    return line;
  };

  const begin = (key: string, line: Line<T>, batch: Batch<T>) => {
    if (line.next !== batch) return;
    line.next = undefined;
    line.isRunning = true;
    const beganMs = clock.monotonicMs();
    const end = () => {
      line.isRunning = false;
      line.tookMs = clock.monotonicMs() - beganMs;
      line.expected = batch.count + (line.next?.count ?? 0);
      if (line.next !== undefined) gather(key, line, line.next);
      // Who is alone is remembered for nothing: the next call begins at once all the same.
      else if (line.expected === 1 && lines.get(key) === line) lines.delete(key);
    };
    const running = batch.call();
    running.then(end, end);
    batch.resolve(running);
  };

  const gather = (key: string, line: Line<T>, batch: Batch<T>) => {
    if (batch.count >= line.expected) {
      begin(key, line, batch);
      return;
    }
    const ms = Math.min(mostGatherMs, Math.max(leastGatherMs, gatherShare * line.tookMs));
    void clock.sleep(ms, batch.complete.signal).then(() => {
      begin(key, line, batch);
    });
  };

  return (key, call) => {
    const line = lineOf(key);
    if (line.next !== undefined) {
      line.next.count += 1;
      if (!line.isRunning && line.next.count >= line.expected) line.next.complete.abort(allCame);
      return line.next.promise;
    }
    const batch = aBatch(call);
    line.next = batch;
    if (!line.isRunning) gather(key, line, batch);
    return batch.promise;
  };
}

function aBatch<T>(call: () => Promise<T>): Batch<T> {
  let resolve: Batch<T>['resolve'] = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { call, promise, resolve, complete: new AbortController(), count: 1 };
}
