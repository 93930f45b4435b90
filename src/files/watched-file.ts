import { stat } from 'node:fs/promises';
import { createJoinedCalls } from '../concurrency/shared-calls.ts';
import { msSince, type MonotonicClock, type MonotonicMs } from '../time/monotonic.ts';

/** What files say, read again when they have changed: a mounted Secret is swapped under a running process. */
export interface WatchedFile<T> {
  /** As of at most `lookAgainMs` ago. Throws what `load` throws, as long as it never gave anything. */
  current(): Promise<T>;
  /** What is known without waiting; begins to look where that is due. Undefined as long as `load` never gave anything. */
  known(): T | undefined;
}

export interface WatchedFileOptions<T> {
  /** Changes when the files do. */
  readonly version: () => Promise<string>;
  /** Reads them; `before` is what they said last. */
  readonly load: (before: T | undefined) => Promise<T>;
  /** How long they are taken to be unchanged without looking. Default: 1,000 ms. */
  readonly lookAgainMs?: number | undefined;
  /** Called when they were read again. */
  readonly onChange?: (now: T, before: T) => void;
  /** Called once for each change that can't be used: what they said before holds, and is what everybody gets. */
  readonly onFault?: (error: unknown) => void;
}

/** Watches files by looking when somebody asks. */
export function createWatchedFile<T>(clock: MonotonicClock, options: WatchedFileOptions<T>): WatchedFile<T> {
  const { version, load, lookAgainMs = 1000, onChange, onFault } = options;
  const shareLook = createJoinedCalls<T>();
  let last: { readonly value: T; readonly version: string } | undefined;
  let lookedAt: MonotonicMs | undefined;
  let faultyVersion: string | undefined;

  const look = async (): Promise<T> => {
    const began = clock.monotonicMs();
    return read().finally(() => {
      lookedAt = began;
    });
  };

  const read = async (): Promise<T> => {
    // Before they are read: what changes meanwhile is read next time.
    const found = await version();
    if (last?.version === found) return last.value;
    const before = last;
    try {
      last = { value: await load(before?.value), version: found };
    } catch (error) {
      if (before === undefined) throw error;
      if (faultyVersion !== found) onFault?.(error);
      faultyVersion = found;
      return before.value;
    }
    faultyVersion = undefined;
    if (before !== undefined) onChange?.(last.value, before.value);
    return last.value;
  };

  const isDue = () => last === undefined || lookedAt === undefined || msSince(clock, lookedAt) >= lookAgainMs;
  const current = async () => (last === undefined || isDue() ? shareLook('', look) : last.value);
  return {
    current,
    known() {
      // A fault before anything is known is for those who wait.
      if (isDue()) void current().catch(() => undefined);
      return last?.value;
    },
  };
}

/** Changes when one of these files is written, replaced or removed. */
export async function fileVersions(...files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return found.map((stats) => (stats === undefined ? '-' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`)).join(' ');
}
