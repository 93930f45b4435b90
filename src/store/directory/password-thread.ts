import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../errors.ts';
import { programFilePath } from '../../files/program-file.ts';

/** Checks passwords by bcrypt, one after the other, in a thread that holds nobody else up. */
export interface PasswordThread {
  /** Throws OVERLOADED where too many wait for it. */
  isRight(password: string, hash: string): Promise<boolean>;
}

interface Waiting {
  resolve(isRight: boolean): void;
  reject(fault: unknown): void;
}

/** A caller waits some seconds behind so many, at bcrypt's usual cost. */
const maxWaiting = 64;

export function createPasswordThread(): PasswordThread {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let lastId = 0;

  const ended = (fault: unknown) => {
    thread = undefined;
    for (const one of waiting.values()) one.reject(fault);
    waiting.clear();
  };
  const start = (): Worker => {
    const worker = new Worker(programFilePath('#assets/check-password.mjs'));
    worker.on('message', ({ id, isRight }: { readonly id: number; readonly isRight: boolean }) => {
      waiting.get(id)?.resolve(isRight);
      waiting.delete(id);
    });
    // Whoever asks holds the process; a thread that waits doesn't. Behind the listener, which would hold it again.
    worker.unref();
    worker.once('error', ended);
    worker.once('exit', (code) => {
      if (thread === worker) ended(new Error(`the thread that checks passwords ended with ${code}`));
    });
    return worker;
  };

  return {
    isRight: (password, hash) =>
      new Promise((resolve, reject) => {
        if (waiting.size >= maxWaiting) {
          reject(new GatewayError('OVERLOADED', 'too many passwords are being checked; try again soon'));
          return;
        }
        thread ??= start();
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        thread.postMessage({ id: lastId, password, hash });
      }),
  };
}
