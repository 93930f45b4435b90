import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { registryProgram, registryV3Program, startRegistry, type RegistryOptions } from '../support/registry.ts';
import { anyRegistryStore } from '../support/registry-store.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import type { RegistryStoreOptions } from '../../src/store/registry/registry-store.ts';
import { describeStore, type StoreUnderTest } from './store.ts';

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

  describeStore('the registry store behind TLS and htpasswd', async () => {
    const folder = await makeTempDir();
    const { pem, files } = await makeCertificate(folder.path);
    const registry = await startRegistry({ users, tls: files });
    const store = anyRegistryStore(registry.host, {}, { plainHttp: false, tls: { ca: pem } });
    const end = async () => {
      await store.close();
      await registry.stop();
      await folder.remove();
    };
    return { store, end, credentials: { kind: 'basic', username: 'alice', password: users.alice } };
  });

  it('trusts no unknown certificate unless it is told to, and speaks no http instead', async () => {
    const folder = await makeTempDir();
    const registry = await startRegistry({ tls: (await makeCertificate(folder.path)).files });
    const ping = (options: Partial<RegistryStoreOptions>) => anyRegistryStore(registry.host, {}, options).ping();
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await expect(ping({ plainHttp: false })).rejects.toMatchObject(unavailable);
    const image = anyRegistryStore(registry.host, {}, { plainHttp: false }).image('a', { kind: 'anonymous' });
    await expect(image.tags()).rejects.toMatchObject({ ...unavailable, details: { isFinal: true } });
    await ping({ plainHttp: false, tls: { insecure: true } });
    await registry.stop();
    await folder.remove();
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
