import { promises as dns } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createRegistryStore,
  type RegistryStoreDeps,
  type RegistryStoreOptions,
} from '../../src/store/registry/registry-store.ts';
import { monotonicMs } from '../../src/time/monotonic.ts';
import type { Store } from '../../src/store/store.ts';

/** A registry store over the real clock and network; `deps` and `options` take the place of single ones. */
export function anyRegistryStore(
  host: string,
  deps: Partial<RegistryStoreDeps> = {},
  options: Partial<RegistryStoreOptions> = {},
): Store {
  const defaults: RegistryStoreDeps = {
    now: Date.now,
    monotonicMs,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    resolveName: (hostname) => dns.lookup(hostname, { all: true }),
    gatewayCredentials: { find: () => Promise.resolve({ kind: 'anonymous' }) },
  };
  return createRegistryStore({ ...defaults, ...deps }, { host, plainHttp: true, ...options });
}
