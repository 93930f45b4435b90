import { createHash, generateKeyPairSync } from 'node:crypto';
import { setImmediate as macrotask } from 'node:timers/promises';
import type { Scheduler } from 'fast-check';
import { sign } from '../../../src/apk/signature.ts';
import type { Clock } from '../../../src/ports.ts';
import { createRepositories } from '../../../src/repository/create-repositories.ts';
import type { RepositoriesOptions } from '../../../src/repository/options.ts';
import type { SignIndex } from '../../../src/repository/publishing/index-writer.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import type { RepositoryUpkeep } from '../../../src/repository/service/upkeep.ts';
import type { SigningKey, SigningKeys } from '../../../src/repository/keys/signing-keys.ts';
import type { Store } from '../../../src/store/store.ts';
import type { MonotonicMs } from '../../../src/time/monotonic.ts';
import { stampOf } from '../../../src/time/stamps.ts';
import { createTroubles, type Troubles } from './troubles.ts';
import { laggingRegistry, type Lag } from './lag.ts';
import { withHalfDonePuts, type HalfDonePuts } from './half-done-puts.ts';
import { withLateRequests } from './late-requests.ts';
import { withOddAnswers, type OddAnswers } from './odd-answers.ts';
import {
  createMemoryStore,
  type MemoryCall,
  type MemoryImage,
  type MemoryStoreOptions,
} from '../../support/memory-store.ts';

/** One gateway process. `isDead` from the moment it was killed: none of its requests is sent or answered any more. */
export interface Replica {
  readonly repositories: Repositories & RepositoryUpkeep;
  readonly id: string;
  /** What it signs with, one at least. */
  readonly keys: readonly [SigningKey, ...SigningKey[]];
  isDead: boolean;
  /** How far its wall clock is off, in milliseconds. */
  clockOffsetMs: number;
  /** Until when the process sleeps, in the world's time: nothing of it goes on meanwhile. */
  asleepUntilMs: number;
}

export interface WorldOptions {
  readonly deletes?: 'tag' | 'digest' | 'unsupported';
  /** The image whose listings and reads by name lag, and by how many requests. */
  readonly lag?: Lag & { readonly image: string };
  /** Whether what lands late waits for `landLate`. Default: the scheduler chooses when. */
  readonly holdsLate?: boolean;
  /** The puts, counted from 0 over all replicas, that are answered with a fault and land later all the same. */
  readonly latePuts?: ReadonlySet<number>;
  /** The removals of tags, counted likewise, of which that is true. */
  readonly lateDeletes?: ReadonlySet<number>;
  /** Puts of manifests, counted likewise, that are half done. */
  readonly halfDonePuts?: HalfDonePuts;
  /** Single reads, counted likewise, that are answered oddly. */
  readonly oddAnswers?: OddAnswers;
  /** The same as `latePuts`, by who puts what. */
  readonly isLatePut?: (replica: Replica, tag: string) => boolean;
  /** What a replica's store is put through, to break the protocol on purpose. */
  readonly sabotage?: (store: Store, replica: Replica) => Store;
  /** Told of every request just before it takes effect; waited for where it gives a promise. */
  readonly onCall?: (replica: Replica, call: MemoryCall) => void | Promise<void>;
  readonly repositories?: RepositoriesOptions;
}

export interface World {
  readonly images: Map<string, MemoryImage>;
  readonly clock: Clock;
  readonly key: SigningKey;
  /** Requests that took effect so far: the only order that counts. */
  steps(): number;
  /** What is wrong with the registry. */
  readonly troubles: Troubles;
  /** The process sleeps for so long from now on. */
  suspend(replica: Replica, ms: number): void;
  /** Lets land what was held. */
  landLate(): void;
  replica(id: string, own?: Partial<Pick<Replica, 'keys' | 'clockOffsetMs'>>): Replica;
  /** One whose requests aren't delayed, started after all else: what a newcomer sees. */
  bystander(id: string): Replica['repositories'];
  /** Whether no request waits to happen. */
  settled(): boolean;
  /** Lets the scheduler choose requests, one at a time, until `done`; moves the clock only when nobody can move. */
  runUntil(done: () => boolean): Promise<void>;
  /** The same until a promise settles. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Moves the clock while nothing is under way. */
  pass(ms: number): void;
  /** From now on the registry says what is, and does what it is asked; what was held lands. */
  calm(): void;
}

interface Timer {
  readonly dueMs: number;
  readonly ring: () => void;
}

/** Each its own: one for all would keep every world that was awaited in it. */
const never = () => new Promise<never>(() => undefined);
const startMs = Date.UTC(2026, 0, 1);

/** Several gateways before one registry, whose requests a scheduler interleaves; signing is real, time is not. */
export function createWorld(
  scheduler: Pick<Scheduler, 'schedule' | 'count' | 'waitNext'>,
  key: SigningKey,
  options: WorldOptions = {},
): World {
  const { deletes = 'tag', lag } = options;
  const lagging = lag === undefined ? undefined : laggingRegistry(lag.image, lag, () => steps);
  const images = lagging?.images ?? new Map<string, MemoryImage>();
  const registry: MemoryStoreOptions = { ...lagging, images, deletes };
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let steps = 0;
  let puts = 0;
  let manifests = 0;
  let removals = 0;
  let reads = 0;
  let isCalm = false;
  let chance = 0;

  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => (nowMs - startMs) as MonotonicMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          timers.delete(timer);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = { dueMs: nowMs + ms, ring: end };
        timers.add(timer);
        signal?.addEventListener('abort', end);
      }),
  };

  const troubles = createTroubles({
    images,
    nowMs: () => nowMs,
    steps: () => steps,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  });
  let held: (() => void)[] = [];

  const awake = async (replica: Replica): Promise<void> => {
    while (nowMs < replica.asleepUntilMs) await clock.sleep(replica.asleepUntilMs - nowMs);
    if (replica.isDead) await never();
  };

  const clockOf = (replica: Replica): Clock => ({
    now: () => nowMs + replica.clockOffsetMs,
    monotonicMs: () => clock.monotonicMs(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      await awake(replica);
    },
  });

  const random = (count: number) => {
    chance += 1;
    return createHash('sha256').update(`${chance}`).digest().subarray(0, count);
  };

  const turn = async (replica: Replica, label: string): Promise<void> => {
    await awake(replica);
    await scheduler.schedule(Promise.resolve(), `${replica.id} ${label}`);
    await awake(replica);
  };

  const storeOf = (replica: Replica): Store => {
    const label = (call: MemoryCall) => `${call.operation} ${call.reference ?? ''}`;
    const memory = createMemoryStore({
      ...registry,
      before: async (call) => {
        await turn(replica, label(call));
        steps += 1;
        nowMs += 1;
        await troubles.meet(call);
        await options.onCall?.(replica, call);
      },
      after: (call) => turn(replica, `answer to ${label(call)}`),
    });
    const late = withLateRequests(memory, createMemoryStore(registry), {
      isLatePut: (tag) => {
        puts += 1;
        return options.latePuts?.has(puts - 1) === true || options.isLatePut?.(replica, tag) === true;
      },
      isLateDelete: () => {
        removals += 1;
        return options.lateDeletes?.has(removals - 1) === true;
      },
      wait: (label_) =>
        options.holdsLate === true
          ? new Promise((resolve) => held.push(resolve))
          : scheduler.schedule(Promise.resolve(), label_),
    });
    const half = withHalfDonePuts(late, options.halfDonePuts ?? {}, () => {
      manifests += 1;
      return isCalm ? -1 : manifests - 1;
    });
    const odd = withOddAnswers(half, options.oddAnswers ?? {}, () => {
      reads += 1;
      return isCalm ? -1 : reads - 1;
    });
    const troubled = troubles.over(odd);
    return options.sabotage?.(troubled, replica) ?? troubled;
  };

  const repositoriesOver = (store: Store, own: Pick<Replica, 'keys'> & { clock: Clock }, given: RepositoriesOptions) =>
    createRepositories(
      {
        // The worst that a registry can do: each replica stamps by its own clock.
        store: { ...store, stamp: () => stampOf(own.clock.now()) },
        ...{ signingKeys: fixedKeys(own.keys), sign: signNow, clock: own.clock, random, log: silentLog },
      },
      // So small as they are here, all runs would stand in manifests, and no layer of an index would ever be there.
      { maxInlineBytes: 0, ...given },
    );

  const runUntil: World['runUntil'] = async (done) => {
    for (let idle = 0; !done();) {
      await macrotask();
      if (done()) return;
      if (scheduler.count() > 0) {
        await scheduler.waitNext(1);
        idle = 0;
      } else if (idle < 3) {
        // Streams and promises may need some turns of the event loop before the next request is made.
        idle += 1;
      } else {
        ringNext(timers, (dueMs) => {
          nowMs = Math.max(nowMs, dueMs);
        });
        idle = 0;
      }
    }
  };

  const world: World = {
    images,
    clock,
    key,
    steps: () => steps,
    troubles,
    suspend(replica, ms) {
      replica.asleepUntilMs = nowMs + ms;
    },
    landLate() {
      const landing = held;
      held = [];
      for (const land of landing) land();
    },
    replica(id, own = {}) {
      const { keys = [key], clockOffsetMs = 0 } = own;
      const replica = { id, keys, isDead: false, clockOffsetMs, asleepUntilMs: -Infinity } as {
        -readonly [K in keyof Replica]: Replica[K];
      };
      const from = { keys, clock: clockOf(replica) };
      replica.repositories = repositoriesOver(storeOf(replica), from, { freshnessMs: 0, ...options.repositories });
      return replica;
    },
    bystander: () =>
      repositoriesOver(troubles.over(createMemoryStore(registry)), { keys: [key], clock }, { freshnessMs: 0 }),
    settled: () => scheduler.count() === 0,
    runUntil,
    async until(promise) {
      let isSettled = false;
      void promise.catch(() => undefined).finally(() => (isSettled = true));
      await runUntil(() => isSettled);
      return await promise;
    },
    pass(ms) {
      nowMs += ms;
    },
    calm() {
      lagging?.end();
      troubles.end();
      isCalm = true;
      world.landLate();
    },
  };
  return world;
}

/** A key for simulations: short, since strength is not what they test. */
export function simulationKey(fileName = 'simulation.rsa.pub'): SigningKey {
  return { fileName, ...generateKeyPairSync('rsa', { modulusLength: 1024 }) };
}

function ringNext(timers: Set<Timer>, moveTo: (dueMs: number) => void): void {
  const [next] = [...timers].sort((a, b) => a.dueMs - b.dueMs);
  if (next === undefined) throw new Error('deadlock: nobody can move and no timer is set');
  timers.delete(next);
  moveTo(next.dueMs);
  next.ring();
}

function fixedKeys(keys: readonly SigningKey[]): SigningKeys {
  const given = () => Promise.resolve(keys);
  return { arePerImage: false, ofImage: given, ofImageForWriting: given };
}

const signNow: SignIndex = (pieces, keys) =>
  Promise.resolve(
    keys.map(({ fileName, privateKey }) => ({
      algorithm: 'RSA256',
      keyName: fileName,
      bytes: sign(pieces, privateKey, 'RSA256'),
    })),
  );

const silentLog = { debug: noop, info: noop, warn: noop, error: noop, audit: noop };

function noop(): void {
  // A simulation's log is its scheduler's report.
}
