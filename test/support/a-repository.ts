import { createHash } from 'node:crypto';
import { setImmediate as macrotask, setTimeout as realSleep } from 'node:timers/promises';
import type { IndexEntry } from '../../src/apk/index/index-entry.ts';
import { readIndexFile } from '../../src/apk/index/index-file.ts';
import { readAnyPackage } from '../../src/apk/any-package.ts';
import { packageFileName } from '../../src/apk/package-name.ts';
import { sign } from '../../src/apk/signature.ts';
import { digestOf, digestOfHex } from '../../src/oci/digest.ts';
import type { Clock, RandomBytes } from '../../src/ports.ts';
import type { Group } from '../../src/protocol/coordinates.ts';
import { createRepositories } from '../../src/repository/create-repositories.ts';
import type { RepositoriesOptions } from '../../src/repository/options.ts';
import type { SignIndex } from '../../src/repository/publishing/index-writer.ts';
import type { PackageRecord } from '../../src/repository/artifacts/package-manifest.ts';
import type { StagedPackage } from '../../src/repository/service/publishing.ts';
import type { Repositories } from '../../src/repository/service/repositories.ts';
import type { RepositoryUpkeep } from '../../src/repository/service/upkeep.ts';
import type { MonotonicMs } from '../../src/time/monotonic.ts';
import { signingKeyOf } from '../../src/repository/keys/signing-key.ts';
import type { SigningKey, SigningKeys } from '../../src/repository/keys/signing-keys.ts';
import type { Credentials, Store } from '../../src/store/store.ts';
import { stampOf } from '../../src/time/stamps.ts';
import { anApk, type ApkSpec } from './an-apk.ts';
import { aV3Apk, type V3ApkOptions } from './a-v3-apk.ts';
import { aLog, aPrivateKey } from './signing-keys.ts';

/** A clock that a test moves. */
export interface TestClock extends Clock {
  /** Moves it and wakes who is due. */
  pass(ms: number): void;
  /** Sets the wall clock on, or back with a negative number; no time passes. */
  step(ms: number): void;
  /** Lets things happen until the promise settles; moves the clock only when nothing else happens. */
  until<T>(promise: Promise<T>): Promise<T>;
}

export function aClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  const timers = new Set<{ readonly dueMs: number; readonly ring: () => void }>();
  let nowMs = startMs;
  let steppedMs = 0;
  const moveTo = (ms: number) => {
    nowMs = Math.max(nowMs, ms);
    for (const timer of [...timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (timer.dueMs > nowMs || !timers.delete(timer)) continue;
      timer.ring();
    }
  };
  return {
    now: () => nowMs + steppedMs,
    // Of another origin, as on a real machine: a test that mixes both up fails.
    monotonicMs: () => (nowMs - startMs + 1000) as MonotonicMs,
    pass(ms) {
      moveTo(nowMs + ms);
    },
    step(ms) {
      steppedMs += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const leave = () => {
          timers.delete(timer);
          resolve();
        };
        const ring = () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        const timer = { dueMs: nowMs + ms, ring };
        timers.add(timer);
        signal?.addEventListener('abort', leave);
      }),
    async until(promise) {
      let isSettled = false;
      const settled = () => {
        isSettled = true;
      };
      promise.then(settled, settled);
      const startedMs = performance.now();
      for (let turn = 1; !isSettled; turn += 1) {
        await macrotask();
        if (turn % 50 > 0) continue;
        // Signing and packing run in real threads: turns alone say nothing of how far those are.
        await realSleep(1);
        const next = Math.min(...[...timers].map(({ dueMs }) => dueMs));
        if (Number.isFinite(next)) moveTo(next);
        if (performance.now() - startedMs > 60_000) throw new Error('nothing happens any more');
      }
      return await promise;
    },
  };
}

/** Bytes that look random and are the same in every run. */
export function someRandom(seed = 'seed'): RandomBytes {
  let count = 0;
  return (length) => {
    count += 1;
    return createHash('sha512').update(`${seed} ${count}`).digest().subarray(0, length);
  };
}

export const at = { image: 'team/image', branch: 'v1', repository: 'main' } as const;

export function aGroup(architecture = 'x86_64'): Group {
  return { ...at, architecture };
}

/** Somebody with credentials of their own. */
export function aCaller(username: string): { readonly credentials: Credentials; readonly name: string } {
  return { credentials: { kind: 'basic', username, password: 'secret' }, name: username };
}

/** A record as a push makes it, without a file. */
export function aRecord(
  spec: { readonly name?: string; readonly version?: string; readonly arch?: string; readonly content?: string } = {},
): PackageRecord {
  const { name = 'hello', version = '1.0-r0', arch = 'x86_64', content = 'one' } = spec;
  const seed = `${name} ${version} ${arch} ${content}`;
  const entry: IndexEntry = {
    identity: `Q1${createHash('sha1').update(seed).digest('base64')}`,
    name,
    version,
    architecture: arch,
    fileSize: seed.length,
    installedSize: 4096,
    description: content,
    url: '',
    license: 'MIT',
    depends: [],
    provides: [],
    installIf: [],
  };
  return { fileName: packageFileName(name, version), architecture: arch, entry, digest: digestOf(Buffer.from(seed)) };
}

/** A package of the new format. */
export interface V3Spec extends V3ApkOptions {
  readonly format: 'v3';
}

/** A real package, read and checked as an upload would be. */
export async function aStagedPackage(spec: ApkSpec | V3Spec): Promise<StagedPackage> {
  const bytes = 'format' in spec ? aV3Apk(spec) : anApk(spec);
  const summary = await readAnyPackage([bytes] as unknown as AsyncIterable<Uint8Array>);
  return { summary, source: { digest: digestOfHex(summary.sha256), size: summary.size, open: () => bytes } };
}

export function aSigningKey(name = 'test-only-2048.rsa'): SigningKey {
  return signingKeyOf(aPrivateKey(name), `${name}.pub`);
}

/** The same keys for every image. */
export function fixedKeys(...keys: readonly SigningKey[]): SigningKeys {
  const all = () => Promise.resolve(keys);
  return { arePerImage: false, ofImage: all, ofImageForWriting: all };
}

export const signNow: SignIndex = (pieces, keys) =>
  Promise.resolve(
    keys.map(({ fileName, privateKey }) => ({
      algorithm: 'RSA256',
      keyName: fileName,
      bytes: sign(pieces, privateKey, 'RSA256'),
    })),
  );

/** One replica before a store. */
export interface TestReplica {
  readonly repositories: Repositories & RepositoryUpkeep;
  readonly log: ReturnType<typeof aLog>;
  /** Pushes real packages; resolves with their outcomes. */
  push(files: readonly (ApkSpec | V3Spec)[], options?: PushOptions): Promise<readonly string[]>;
}

interface PushOptions {
  readonly caller?: ReturnType<typeof aCaller>;
  readonly ifExists?: 'fail' | 'skip';
}

export function aReplica(
  world: {
    readonly store: Store;
    readonly clock: TestClock;
    readonly keys?: SigningKeys;
    readonly random?: RandomBytes;
  },
  options: RepositoriesOptions = {},
): TestReplica {
  const { store, clock, keys = fixedKeys(aSigningKey()), random = someRandom() } = world;
  const log = aLog();
  // Not a copy: a test may change the store afterwards.
  const stamping = Object.assign(Object.create(store) as Store, { stamp: () => stampOf(clock.now()) });
  const repositories = createRepositories(
    { store: stamping, clock, random, log, signingKeys: keys, sign: signNow },
    { freshnessMs: 0, ...options },
  );
  const commit = async (
    staged: readonly StagedPackage[],
    { caller = aCaller('ci'), ifExists = 'fail' }: PushOptions,
  ) => {
    const publication = await repositories.begin(at, caller);
    const published = await publication.commit(staged, { ifExists });
    return published.map(({ outcome }) => outcome);
  };
  return {
    repositories,
    log,
    async push(files, pushOptions = {}) {
      // Before the clock may move: reading a package takes threads, which look like nothing happening.
      const staged = await Promise.all(files.map(aStagedPackage));
      return await clock.until(commit(staged, pushOptions));
    },
  };
}

/** What an index lists, as `name-version`; undefined where there is none. */
export async function listedBy(
  clock: TestClock,
  { repositories }: TestReplica,
  architecture = 'x86_64',
  caller: ReturnType<typeof aCaller> = aCaller('reader'),
): Promise<readonly string[] | undefined> {
  const index = await clock.until(repositories.openIndex(at, architecture, caller));
  if (index === undefined) return undefined;
  return readIndexFile(index.bytes).entries.map(({ name, version }) => `${name}-${version}`);
}
