import { describe, expect, it } from 'vitest';
import { registryProgram, registryV3Program, startRegistry } from '../support/registry.ts';
import type { RegistryOptions } from '../support/registry.ts';
import { anyRegistryStore } from '../support/registry-store.ts';
import { describeStore } from './store.ts';
import type { StoreUnderTest } from './store.ts';

const mustRun = process.env['CI'] === 'true';
const users = { alice: 'correct horse: battery' };

async function start(options: RegistryOptions, more: Partial<StoreUnderTest> = {}): Promise<StoreUnderTest> {
  const registry = await startRegistry(options);
  const store = anyRegistryStore(registry.host);
  const end = async () => {
    await store.close();
    await registry.stop();
  };
  return { store, end, ...more };
}

const v2 = registryProgram();
describe.skipIf(v2 === undefined && !mustRun)(`docker-registry (${v2 ?? 'MISSING: not on PATH'})`, () => {
  describeStore('the registry store', () => start({}));
  describeStore('the registry store where nothing may be removed', () => start({ delete: false }, { deletes: false }));
  describeStore('the registry store behind htpasswd', () =>
    start({ users }, { credentials: { kind: 'basic', username: 'alice', password: users.alice } }),
  );
  describeStore("the registry store with the gateway's own credentials", async () => {
    const registry = await startRegistry({ users });
    const find = () => Promise.resolve({ kind: 'basic', username: 'alice', password: users.alice } as const);
    const store = anyRegistryStore(registry.host, { gatewayCredentials: { find } });
    return { store, credentials: { kind: 'gateway' }, end: () => registry.stop() };
  });

  it('lets nobody in without credentials, or with wrong ones', async () => {
    const registry = await startRegistry({ users });
    const store = anyRegistryStore(registry.host);
    const wrong = { kind: 'basic', username: 'alice', password: 'wrong' } as const;
    for (const credentials of [{ kind: 'anonymous' } as const, wrong, { kind: 'bearer', token: 'x' } as const]) {
      const image = store.image('a/b', credentials);
      await expect(image.tags()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      await expect(image.startUpload()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    }
    await store.ping();
    await registry.stop();
  });
});

const v3 = registryV3Program();
describe.skipIf(v3 === undefined)(`distribution 3 (${v3 ?? 'MISSING: no `registry` on PATH, no REGISTRY_V3'})`, () => {
  describeStore('the registry store', () => start({ ...(v3 !== undefined && { program: v3 }) }));
});
