import { afterEach, expect, it } from 'vitest';
import { anyRegistryStore } from '../../support/registry-store.ts';
import { fault, startScriptedRegistry } from '../../support/scripted-registry.ts';

const warnings: Error[] = [];
const keep = (warning: Error) => void warnings.push(warning);
process.on('warning', keep);
afterEach(() => process.off('warning', keep));

it('makes many requests at once under one signal without a warning of leaks', async () => {
  const registry = await startScriptedRegistry(({ path }) =>
    path.startsWith('/v2/') ? fault(404, 'MANIFEST_UNKNOWN') : fault(500, 'UNKNOWN'),
  );
  const store = anyRegistryStore(registry.host);
  const image = store.image('user/image', { kind: 'anonymous' });
  const { signal } = new AbortController();
  const asked = Array.from({ length: 20 }, (_, index) => image.resolve(`tag${index}`, { signal }));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => undefined));
  expect(warnings).toEqual([]);
  await store.close();
  await registry.stop();
});
