import type { Scheduler } from 'fast-check';

interface Task {
  readonly label: string;
  readonly run: () => void;
}

/** A request that the script keeps from happening, or from being answered. */
export interface Hold {
  /** Whether a request that it means has come. */
  isReached(): boolean;
  /** Lets it go on, and all that it means from now on. */
  release(): void;
}

/** Requests in the order in which they come, save those that a test holds: a schedule without chance. */
export interface Script extends Pick<Scheduler, 'schedule' | 'count' | 'waitNext'> {
  /** Keeps back every request whose label matches: `<replica> <operation> <reference>`, answers as `<replica> answer to …`. */
  hold(label: RegExp): Hold;
}

export function createScript(): Script {
  const queue: Task[] = [];
  const held: Task[] = [];
  const holds = new Set<RegExp>();

  return {
    async schedule<T>(task: Promise<T>, label = ''): Promise<T> {
      await new Promise<void>((run) => {
        const isHeld = [...holds].some((hold) => hold.test(label));
        (isHeld ? held : queue).push({ label, run });
      });
      return await task;
    },
    count: () => queue.length,
    async waitNext() {
      queue.shift()?.run();
      await Promise.resolve();
    },
    hold(pattern) {
      holds.add(pattern);
      return {
        isReached: () => held.some(({ label }) => pattern.test(label)),
        release() {
          holds.delete(pattern);
          for (const task of held.splice(0)) (pattern.test(task.label) ? queue : held).push(task);
        },
      };
    },
  };
}
