import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodes, GatewayError } from '../../../errors.ts';
import { createMetricsSum } from '../../../metrics/summed-metrics.ts';
import type { MetricsSnapshot } from '../../../metrics/metrics.ts';
import type { Log } from '../../../ports.ts';
import { createCalls, type Calls, type Handlers } from './calls.ts';
import { createTurns } from './turns.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What a worker says of itself once it serves. */
export interface Ready {
  readonly url: string;
  readonly storeDescription: string;
}

/** Worker processes that serve one address together. */
export interface WorkerPool {
  /** Resolves once all of them serve. Throws what the first one could not start for. */
  start(): Promise<Ready>;
  /** Tells all to finish what is under way; resolves once they are gone, by SIGKILL where they take longer than they may. */
  stop(): Promise<void>;
  /** Ends all of them at once. */
  kill(): void;
}

export interface PoolOptions {
  readonly workers: number;
  readonly drainTimeoutMs: number;
  /** Before a worker is replaced; doubles while they end young. Default 100. */
  readonly firstPauseMs?: number | undefined;
  /** Default 30,000. */
  readonly maxPauseMs?: number | undefined;
}

/** A worker that served for so long ended for a reason of its own. */
const settledMs = 60_000;
/** What a worker may take beyond its drain time-out: it closes files and connections. */
const graceMs = 5_000;
/** A worker that takes longer to count is reported as it was when it last did. */
const snapshotMs = 2_000;

interface Member {
  readonly process: WorkerProcess;
  readonly calls: Calls;
}

/** Keeps so many workers: the first one alone until it serves, so that what is made once is made by one. */
export function createWorkerPool(
  deps: { readonly fork: () => WorkerProcess; readonly log: Log },
  options: PoolOptions,
): WorkerPool {
  const { fork, log } = deps;
  const { firstPauseMs = 100, maxPauseMs = 30_000 } = options;
  const sessionSecret = randomBytes(32).toString('hex');
  const serving = new Map<number, Member>();
  const alive = new Map<number, Member>();
  const sum = createMetricsSum(() => serving.size);
  const turns = createTurns();
  const stopping = new AbortController();
  const keepers: Promise<void>[] = [];
  const isStopping = () => stopping.signal.aborted;

  const count = async () => {
    const reads = [...serving.values()].map(async ({ process, calls }) => {
      const snapshot = await calls.call('count', undefined, { withinMs: snapshotMs });
      // It may have ended meanwhile, and is counted then.
      if (snapshot !== undefined && alive.has(process.id)) sum.keep(process.id, snapshot as MetricsSnapshot);
    });
    await Promise.allSettled(reads);
    return await sum.format();
  };

  const handlersFor = (process: WorkerProcess, greeted: () => void): Handlers => ({
    hello: greeted,
    metrics: count,
    takeTurn: (name) => turns.take(process.id, String(name)),
    giveTurnBack: (name) => {
      turns.giveBack(process.id, String(name));
    },
  });

  /** Starts a worker; resolves when it serves. */
  const begin = async (): Promise<{ member: Member; ready: Ready }> => {
    const process = fork();
    const greeting = new AbortController();
    const handlers = handlersFor(process, () => {
      greeting.abort();
    });
    const member = { process, calls: createCalls(process.channel, handlers) };
    alive.set(process.id, member);
    void process.ended.then(() => {
      alive.delete(process.id);
      serving.delete(process.id);
      turns.forget(process.id);
      sum.retire(process.id);
      member.calls.close();
    });
    // Before it listens to the channel it would miss what it is told.
    await Promise.race([once(greeting.signal, 'abort'), process.ended]);
    // It missed that all are to stop, and nobody is served by it yet.
    if (isStopping()) process.kill();
    const ready = readyOf(await member.calls.call('serve', { sessionSecret }));
    serving.set(process.id, member);
    return { member, ready };
  };

  const replace = async (pauseMs: number): Promise<Member | undefined> => {
    await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (isStopping()) return undefined;
    sum.restarted();
    try {
      return (await begin()).member;
    } catch (error) {
      if (!isStopping()) log.error({ err: error }, 'a worker could not start');
      return undefined;
    }
  };

  /** One place among the workers: whoever ends there is replaced. */
  const keep = async (first: Member): Promise<void> => {
    let pauseMs = firstPauseMs;
    let member: Member | undefined = first;
    while (!isStopping()) {
      const servedMs = member === undefined ? 0 : await untilEnded(member);
      pauseMs = servedMs >= settledMs ? firstPauseMs : Math.min(pauseMs * 2, maxPauseMs);
      member = await replace(pauseMs);
    }
  };

  /** How long it served. */
  const untilEnded = async ({ process }: Member): Promise<number> => {
    const since = performance.now();
    const { exitCode, signal } = await process.ended;
    if (!isStopping()) log.error({ worker: process.pid, exitCode, signal }, 'a worker ended and is replaced');
    return performance.now() - since;
  };

  const kill = () => {
    stopping.abort();
    for (const { process } of alive.values()) process.kill();
  };

  const tellToStop = ({ calls }: Member) => void calls.call('stop').catch(() => undefined);

  return {
    async start() {
      try {
        const first = await begin();
        const others = await Promise.all(Array.from({ length: options.workers - 1 }, begin));
        keepers.push(...[first, ...others].map(({ member }) => keep(member)));
        return first.ready;
      } catch (error) {
        kill();
        throw error;
      }
    },

    async stop() {
      stopping.abort();
      for (const member of alive.values()) tellToStop(member);
      const gone = Promise.all([...alive.values()].map(({ process }) => process.ended));
      await within(options.drainTimeoutMs + graceMs, gone);
      for (const { process } of alive.values()) process.kill();
      await gone;
      await Promise.all(keepers);
    },

    kill,
  };
}

/** A worker that can't start says why; its fault is this program's. */
function readyOf(value: unknown): Ready {
  const { url, storeDescription, code, message } = value as Partial<Record<string, unknown>>;
  if (typeof url === 'string' && typeof storeDescription === 'string') return { url, storeDescription };
  const known = errorCodes.find((one) => one === code);
  if (known !== undefined) throw new GatewayError(known, String(message));
  throw new Error(String(message));
}

/** What `work` gives, or undefined where it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
