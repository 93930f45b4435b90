import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLkard, type RunningLkard } from '../support/programs.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../support/registry.ts';
import { keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { Chance } from './chance.ts';
import { startFaultyProxy, type FaultyProxy, type Weather } from './faulty-proxy.ts';
import { createListingLag } from './listing-lag.ts';
import type { ChaosTroubles } from './troubles.ts';
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
  /** Stops a gateway where it stands, and lets it go on after a pause. Whether it did. */
  pauseReplica(slot: number, pauseMs: number): boolean;
  /** Lets the registry stand still for so long. */
  pauseRegistry(pauseMs: number): Promise<void>;
  /** Has the registry collect its garbage while it runs; what it says where it fails. */
  collect(): Promise<string | undefined>;
  /** All up again, nothing under way between gateways and registry. */
  settled(): Promise<void>;
  /** Ends everything that was started; also where some of it ended by itself. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly replicas: number;
  readonly publishTimeoutSeconds: number;
  readonly troubles: ChaosTroubles;
  readonly log: (line: string) => void;
}

interface Slot {
  readonly proxy: FaultyProxy;
  running: RunningLkard | undefined;
  generation: number;
  restarting: Promise<void> | undefined;
  pausing: Promise<void> | undefined;
}

const clockOffset = new URL('clock-offset.mjs', import.meta.url).href;

export async function startCluster(chance: Chance, options: ClusterOptions): Promise<Cluster> {
  const folder = await makeTempDir();
  const pids = new Set<number>();
  // Whatever ends this process, nothing that it started stays.
  const killAll = () => {
    for (const pid of pids) trySignal(pid, 'SIGKILL');
  };
  process.once('exit', killAll);
  const hasBlobCache = options.troubles.has('collections');
  let registry = await startRegistry({ folder: folder.path, hasBlobCache });
  pids.add(registry.pid);
  const { host } = registry;
  const lag = createListingLag();
  const slots: Slot[] = [];
  const crashes: string[] = [];
  let isStopping = false;

  const startReplica = async (slot: Slot) => {
    const args = [
      ...['--backend', slot.proxy.host, '--no-https', '--signing-key', keyFixture(signingKeyName)],
      ...['--publish-timeout', `${options.publishTimeoutSeconds}s`, '--log-level', 'error'],
    ];
    const lkard = await startLkard(args, { env: options.troubles.has('clocks') ? clockOf(chance) : {} });
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
    await Promise.allSettled(slots.map(whole));
    await Promise.allSettled(slots.map(async (slot) => slot.running && endReplica(slot.running, 'stop')));
    await Promise.allSettled(slots.map((slot) => slot.proxy.stop()));
    await stopRegistry(registry, pids);
    await folder.remove();
    process.removeListener('exit', killAll);
  };

  try {
    for (let i = 0; i < options.replicas; i += 1) {
      const proxy = await startFaultyProxy(host, chance.fork(`proxy ${i}`), lag);
      slots.push({ proxy, running: undefined, generation: 0, restarting: undefined, pausing: undefined });
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
      registry = await startRegistry({ folder: folder.path, host, hasBlobCache });
      pids.add(registry.pid);
    },
    pauseReplica(chosen, pauseMs) {
      const slot = slots[chosen]!;
      const pid = slot.running?.pid;
      if (pid === undefined) return false;
      trySignal(pid, 'SIGSTOP');
      slot.pausing = sleep(pauseMs).then(() => {
        trySignal(pid, 'SIGCONT');
      });
      return true;
    },
    async pauseRegistry(pauseMs) {
      trySignal(registry.pid, 'SIGSTOP');
      await sleep(pauseMs);
      trySignal(registry.pid, 'SIGCONT');
    },
    async collect() {
      const args = ['garbage-collect', '--delete-untagged', path.join(folder.path, 'config.yml')];
      const collecting = spawn(registryProgram()!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      const ended = once(collecting, 'close') as Promise<[number | null]>;
      const [said, [exitCode]] = await Promise.all([text(collecting.stderr), ended]);
      // Before the first push it has no folder to walk through.
      const isEmpty = said.includes('Path not found: /docker/registry/v2/repositories');
      return exitCode === 0 || isEmpty
        ? undefined
        : `the registry's collection ended with ${exitCode}: ${said.slice(-500)}`;
    },
    async settled() {
      await Promise.all(slots.map(whole));
      await Promise.all(slots.map(({ proxy }) => proxy.settled()));
    },
    stop,
  };
}

/** Started again, and going on. */
async function whole({ restarting, pausing }: Slot): Promise<void> {
  await restarting;
  await pausing;
}

async function stopRegistry(registry: TestRegistry, pids: Set<number>): Promise<void> {
  await registry.stop();
  pids.delete(registry.pid);
}

/** A clock that is up to 20 minutes off, now this way and now that. */
function clockOf(chance: Chance): Record<string, string> {
  const offsetMs = chance.between(-1_200_000, 1_200_000);
  return { NODE_OPTIONS: `--import ${clockOffset}`, TEST_CLOCK_OFFSET_MS: String(offsetMs) };
}

function trySignal(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It had ended.
  }
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
