import { setTimeout as sleep } from 'node:timers/promises';
import { startLkard, type RunningLkard } from '../support/programs.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { Chance } from './chance.ts';
import { startFaultyProxy, type FaultyProxy, type Weather } from './faulty-proxy.ts';
import { createListingLag } from './listing-lag.ts';
import { signingKeyName } from './packages.ts';

/** A gateway that answers now. */
export interface Replica {
  /** `A1`: the first process of slot A. */
  readonly name: string;
  readonly url: string;
}

/** Several gateways before one registry, each with a faulty proxy of its own between. */
export interface Cluster {
  /** Those that run; at least one does. */
  readonly replicas: () => readonly Replica[];
  /** The registry itself, without a proxy. */
  readonly registry: string;
  readonly counts: () => Readonly<Record<string, number>>;
  /** Gateways that ended although nobody ended them, with what they said. */
  readonly crashes: readonly string[];
  /** For one slot, or all. */
  setWeather(weather: Weather, slot?: number): void;
  /** Kills one with SIGKILL, unless it is the last, and starts it again after a pause. Whether it did. */
  killReplica(slot: number, pauseMs: number): boolean;
  /** Stops the registry, and starts it again after a pause over what it kept. */
  interruptRegistry(pauseMs: number): Promise<void>;
  /** All up again, nothing under way between gateways and registry. */
  settled(): Promise<void>;
  /** Ends everything that was started; also where some of it ended by itself. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly replicas: number;
  readonly publishTimeoutSeconds: number;
  readonly log: (line: string) => void;
}

interface Slot {
  readonly proxy: FaultyProxy;
  running: RunningLkard | undefined;
  generation: number;
  restarting: Promise<void> | undefined;
}

export async function startCluster(chance: Chance, options: ClusterOptions): Promise<Cluster> {
  const folder = await makeTempDir();
  const pids = new Set<number>();
  // Whatever ends this process, nothing that it started stays.
  const killAll = () => {
    for (const pid of pids) tryKill(pid);
  };
  process.once('exit', killAll);
  let registry = await startRegistry({ folder: folder.path });
  pids.add(registry.pid);
  const { host } = registry;
  const lag = createListingLag();
  const slots: Slot[] = [];
  const crashes: string[] = [];
  let isStopping = false;

  const startReplica = async (slot: Slot) => {
    const lkard = await startLkard([
      ...['--backend', slot.proxy.host, '--no-https', '--signing-key', keyFixture(signingKeyName)],
      ...['--publish-timeout', `${options.publishTimeoutSeconds}s`, '--log-level', 'error'],
    ]);
    pids.add(lkard.pid);
    slot.generation += 1;
    slot.running = lkard;
    void lkard.ended.then((exitCode) => {
      if (slot.running !== lkard || isStopping) return;
      crashes.push(`a gateway ended by itself with ${exitCode}: ${lkard.output().slice(-2000)}`);
    });
  };

  const endReplica = async (lkard: RunningLkard, how: 'kill' | 'stop') => {
    await lkard[how]();
    pids.delete(lkard.pid);
  };

  const stop = async () => {
    isStopping = true;
    await Promise.allSettled(slots.map(async (slot) => slot.restarting));
    await Promise.allSettled(slots.map(async (slot) => slot.running && endReplica(slot.running, 'stop')));
    await Promise.allSettled(slots.map((slot) => slot.proxy.stop()));
    await stopRegistry(registry, pids);
    await folder.remove();
    process.removeListener('exit', killAll);
  };

  try {
    for (let i = 0; i < options.replicas; i += 1) {
      const proxy = await startFaultyProxy(host, chance.fork(`proxy ${i}`), lag);
      slots.push({ proxy, running: undefined, generation: 0, restarting: undefined });
    }
    await Promise.all(slots.map(startReplica));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    registry: host,
    crashes,
    replicas: () =>
      slots.flatMap(({ running, generation }, i) =>
        running === undefined ? [] : [{ name: `${String.fromCharCode(65 + i)}${generation}`, url: running.url }],
      ),
    counts: () => sumOf(slots.map(({ proxy }) => proxy.counts)),
    setWeather(weather, chosen) {
      for (const [i, { proxy }] of slots.entries()) if (chosen === undefined || chosen === i) proxy.setWeather(weather);
    },
    killReplica(chosen, pauseMs) {
      const slot = slots[chosen]!;
      const victim = slot.running;
      if (victim === undefined || slots.filter(({ running }) => running !== undefined).length === 1) return false;
      slot.running = undefined;
      slot.restarting = (async () => {
        await endReplica(victim, 'kill');
        await sleep(pauseMs);
        if (!isStopping) await startReplica(slot);
      })();
      slot.restarting.catch((error: unknown) => {
        options.log(`a replica didn't start again: ${String(error)}`);
      });
      return true;
    },
    async interruptRegistry(pauseMs) {
      await stopRegistry(registry, pids);
      await sleep(pauseMs);
      registry = await startRegistry({ folder: folder.path, host });
      pids.add(registry.pid);
    },
    async settled() {
      await Promise.all(slots.map(async (slot) => slot.restarting));
      await Promise.all(slots.map(({ proxy }) => proxy.settled()));
    },
    stop,
  };
}

async function stopRegistry(registry: TestRegistry, pids: Set<number>): Promise<void> {
  await registry.stop();
  pids.delete(registry.pid);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It had ended.
  }
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
