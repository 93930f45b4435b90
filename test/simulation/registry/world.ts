import { onTestFinished } from 'vitest';
import { anyRegistryStore } from '../../support/registry-store.ts';
import { startScriptedRegistry, type Script, type ScriptedRegistry } from '../../support/scripted-registry.ts';
import type { RegistryStoreDeps, RegistryStoreOptions } from '../../../src/store/registry/registry-store.ts';
import type { MonotonicMs } from '../../../src/time/monotonic.ts';
import type { Credentials, ImageStore, Store } from '../../../src/store/store.ts';

export interface World {
  readonly registry: ScriptedRegistry;
  readonly store: Store;
  /** The image `a/b`, as this caller sees it. */
  readonly image: (credentials?: Credentials) => ImageStore;
  /** Every pause the client made, in ms; none of them took any time. */
  readonly pauses: readonly number[];
  /** Moves the clock on. */
  readonly pass: (ms: number) => void;
}

/** A scripted registry and a store that talks to it, over a clock that stands still. Ends with the test. */
export async function aWorld(
  script: Script,
  options: { readonly deps?: Partial<RegistryStoreDeps>; readonly store?: Partial<RegistryStoreOptions> } = {},
): Promise<World> {
  const registry = await startScriptedRegistry(script);
  const pauses: number[] = [];
  const startMs = Date.parse('2026-01-01T00:00:00Z');
  let nowMs = startMs;
  const deps: Partial<RegistryStoreDeps> = {
    now: () => nowMs,
    monotonicMs: () => (nowMs - startMs + 1000) as MonotonicMs,
    random: () => 0.5,
    sleep: (ms) => {
      pauses.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const store = anyRegistryStore(registry.host, { ...deps, ...options.deps }, options.store);
  onTestFinished(async () => {
    await registry.stop();
    await store.close();
  });
  return {
    registry,
    store,
    image: (credentials = { kind: 'anonymous' }) => store.image('a/b', credentials),
    pauses,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** Scripted answers in turn, the last one again and again. */
export function inTurn<T>(...answers: readonly T[]): () => T {
  let at = 0;
  return () => answers[Math.min(at++, answers.length - 1)]!;
}
