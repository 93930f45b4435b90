import cluster from 'node:cluster';
import { isMessage, type Channel } from './calls.ts';

/** A worker as the primary process sees it. */
export interface WorkerProcess {
  /** Never that of another worker of this primary. */
  readonly id: number;
  readonly pid: number | undefined;
  readonly channel: Channel;
  /** Sends SIGKILL. */
  kill(): void;
  /** Resolves once it is gone, however that came. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
}

/** Starts the same program with the same arguments as a worker: what it listens on is listened on by all. */
export function forkWorker(): WorkerProcess {
  // Each takes connections by itself. Where the primary hands them on, a worker that dies before it took one leaves its
  // client waiting for ever; and the shares are no more even.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const worker = cluster.fork();
  return {
    id: worker.id,
    pid: worker.process.pid,
    channel: {
      send: (message) => {
        // One that is about to end hears nothing more; its end says the rest.
        if (worker.isConnected()) worker.send(message, () => undefined);
      },
      onMessage(hear) {
        worker.on('message', (message: unknown) => {
          if (isMessage(message)) hear(message);
        });
      },
    },
    kill: () => void worker.process.kill('SIGKILL'),
    ended: new Promise((resolve) => {
      worker.once('exit', (exitCode: number | null, signal: string | null) => {
        resolve({ exitCode, signal });
      });
      // A process that could not be started at all has no exit.
      worker.once('error', () => {
        resolve({ exitCode: null, signal: null });
      });
    }),
  };
}

/** This process's way to its primary; undefined where it is no worker. */
export function primaryChannel(): (Channel & { close(): void }) | undefined {
  const { worker } = cluster;
  if (worker === undefined) return undefined;
  return {
    send: (message) => void worker.send(message, () => undefined),
    onMessage(hear) {
      worker.on('message', (message: unknown) => {
        if (isMessage(message)) hear(message);
      });
    },
    // Without it the process would wait for its primary for ever.
    close: () => void worker.disconnect(),
  };
}
