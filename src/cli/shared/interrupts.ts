import { GatewayError } from '../../errors.ts';

/** Where a process hears that it is to end, and how it ends by a signal. */
export type Interrupts = Pick<NodeJS.Process, 'once' | 'removeListener'> &
  Partial<Pick<NodeJS.Process, 'kill' | 'pid'>>;

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does work that SIGINT and SIGTERM end by its signal, with ABORTED as the reason, so that it can leave things in order; the
 * process then ends by that signal, as a shell that runs it in a loop wants to see. A second one ends it at once.
 */
export async function unlessInterrupted<T>(
  process: Partial<Interrupts>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  let heard: (typeof signals)[number] | undefined;
  const listeners = signals.map((name) => {
    const listener = () => {
      heard = name;
      forget();
      interrupted.abort(new GatewayError('ABORTED', 'interrupted'));
    };
    return [name, listener] as const;
  });
  const forget = () => {
    for (const [name, listener] of listeners) process.removeListener?.(name, listener);
  };
  for (const [name, listener] of listeners) process.once?.(name, listener);
  try {
    return await work(interrupted.signal);
  } finally {
    forget();
    if (heard !== undefined && process.pid !== undefined) process.kill?.(process.pid, heard);
  }
}
