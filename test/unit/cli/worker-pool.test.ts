import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/cli/lkard/workers/calls.ts';
import { createWorkerPool } from '../../../src/cli/lkard/workers/pool.ts';
import type { WorkerProcess } from '../../../src/cli/lkard/workers/worker-process.ts';
import { aLog } from '../../support/signing-keys.ts';

const ready = { url: 'http://127.0.0.1:9887', storeDescription: 'memory' };

/** A process that hears nothing before it has said hello, serves when it is told to, and ends when it is told or killed. */
function aProcess(id: number) {
  let hear: (message: Message) => void = () => undefined;
  let isListening = false;
  let isKilled = false;
  const ending = new AbortController();
  const end = () => {
    ending.abort();
  };
  const process: WorkerProcess = {
    id,
    pid: id,
    channel: {
      send({ lkard, id: call, name }) {
        if (!isListening || lkard !== 'call') return;
        hear({ lkard: 'result', id: call, name, value: ready });
        if (name === 'stop') end();
      },
      onMessage(listener) {
        hear = listener;
      },
    },
    kill() {
      isKilled = true;
      end();
    },
    ended: once(ending.signal, 'abort').then(() => ({ exitCode: 0, signal: null })),
  };
  const sayHello = () => {
    isListening = true;
    hear({ lkard: 'call', id: 1, name: 'hello', value: undefined });
  };
  return { process, sayHello, end, isKilled: () => isKilled };
}

describe('a pool of workers', () => {
  it('that is told to stop waits for no worker that is only starting', async () => {
    const processes: ReturnType<typeof aProcess>[] = [];
    const fork = () => {
      const made = aProcess(processes.length + 1);
      processes.push(made);
      return made.process;
    };
    const options = { workers: 1, drainTimeoutMs: 3_600_000, firstPauseMs: 0 };
    const pool = createWorkerPool({ fork, log: aLog() }, options);
    const started = pool.start();
    processes[0]?.sayHello();
    expect(await started).toEqual(ready);
    processes[0]?.end();
    while (processes.length < 2) await sleep(1);
    const stopped = pool.stop();
    processes[1]?.sayHello();
    await stopped;
    expect(processes.map(({ isKilled }) => isKilled())).toEqual([false, true]);
    expect(processes).toHaveLength(2);
  });
});
