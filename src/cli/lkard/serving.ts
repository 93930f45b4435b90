import { once } from 'node:events';
import type { Config } from '../../config/config.ts';
import { createGateway } from '../../gateway/gateway.ts';
import type { Log } from '../../ports.ts';
import { openAuditFile } from './audit-file.ts';
import { formatGreeting, localUrlOf } from './greeting.ts';
import type { LkardProcess } from './lkard-process.ts';
import { createLog, type LineOutput } from './log.ts';
import { createWorkerPool } from './workers/pool.ts';
import { serveAsSibling } from './workers/sibling.ts';
import { forkWorker, primaryChannel } from './workers/worker-process.ts';

/** Serves until the process is told to stop. */
export async function serve(config: Config, self: LkardProcess): Promise<void> {
  const fields = config.workers > 1 ? { pid: process.pid } : {};
  const log = createLog(self.stdout, config.log, { auditOutput: auditOutputOf(config, self), fields });
  // However it ends, but for SIGKILL: a fault nobody caught, or an exit.
  self.once('exit', () => {
    log.flush();
  });
  const primary = primaryChannel();
  if (primary !== undefined) await serveAsWorker(config, primary, { self, log });
  else if (config.workers > 1) await serveByWorkers(config, { self, log });
  else await serveAlone(config, { self, log });
}

interface Surroundings {
  readonly self: LkardProcess;
  readonly log: Log;
}

async function serveAlone(config: Config, { self, log }: Surroundings): Promise<void> {
  const gateway = await createGateway(config, { log });
  const { url } = await gateway.start();
  const told = untilTold(self, log);
  self.stdout.write(greetingOf(config, url, gateway.storeDescription, self));
  await told;
  await unlessInsisted(
    self,
    () => gateway.stop(),
    () => undefined,
  );
}

/** `npm start` is for clones, where nothing put lkar on PATH. */
function greetingOf(config: Config, url: string, storeDescription: string, { env }: LkardProcess): string {
  const lkar = env['npm_lifecycle_event'] === 'start' ? 'npx lkar' : 'lkar';
  return formatGreeting(config, localUrlOf(url), storeDescription, lkar);
}

/** The workers do the rest: this process starts them, replaces those that end, and adds up what they count. */
async function serveByWorkers(config: Config, { self, log }: Surroundings): Promise<void> {
  const pool = createWorkerPool({ fork: forkWorker, log }, config);
  const { url, storeDescription } = await pool.start();
  const told = untilTold(self, log);
  self.stdout.write(greetingOf(config, url, storeDescription, self));
  await told;
  await unlessInsisted(
    self,
    () => pool.stop(),
    () => {
      pool.kill();
    },
  );
}

async function serveAsWorker(
  config: Config,
  primary: NonNullable<ReturnType<typeof primaryChannel>>,
  { self, log }: Surroundings,
): Promise<void> {
  try {
    // Whoever stops all processes of a group stops this one too.
    await serveAsSibling(primary, (siblings) => createGateway(config, { log, siblings }), firstSignal(self));
  } finally {
    primary.close();
  }
}

/** Listens from the call on: who reads the greeting may tell it to stop at once. */
async function untilTold(self: LkardProcess, log: Log): Promise<void> {
  const signal = await firstSignal(self);
  log.info({ signal }, 'stopping: requests under way are finished first');
}

/** Who asks twice means it. */
async function unlessInsisted(self: LkardProcess, stop: () => Promise<void>, end: () => void): Promise<void> {
  const insist = () => {
    end();
    self.exit(130);
  };
  self.once('SIGINT', insist).once('SIGTERM', insist);
  await stop();
  self.removeListener('SIGINT', insist).removeListener('SIGTERM', insist);
}

/** Undefined for among the other lines. */
function auditOutputOf({ log: { auditFile } }: Config, self: LkardProcess): LineOutput | undefined {
  if (auditFile === '-') return self.stdout;
  return auditFile === undefined ? undefined : openAuditFile(auditFile, self);
}

async function firstSignal(self: LkardProcess): Promise<string> {
  const stop = new AbortController();
  const wait = async (signal: string) => {
    await once(self as unknown as NodeJS.EventEmitter, signal, { signal: stop.signal });
    return signal;
  };
  const signals = ['SIGINT', 'SIGTERM'].map(wait);
  const first = await Promise.race(signals);
  stop.abort();
  await Promise.allSettled(signals);
  return first;
}
