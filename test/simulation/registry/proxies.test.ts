import { expect, it, onTestFinished } from 'vitest';
import { json, startScriptedRegistry } from '../../support/scripted-registry.ts';
import { anyRegistryStore } from '../../support/registry-store.ts';

const anonymous = { kind: 'anonymous' } as const;

it('a registry, and the token service that it names, are reached through the proxy where one is set', async () => {
  const proxy = await startScriptedRegistry(({ url, headers }) => {
    if (url.startsWith('http://auth.example/')) return json({ token: 'good' });
    if (headers.authorization === 'Bearer good') return json({ tags: ['a'] });
    return { status: 401, headers: { 'www-authenticate': 'Bearer realm="http://auth.example/token",service="x"' } };
  });
  const proxies = { httpProxy: `http://${proxy.host}`, httpsProxy: '', noProxy: '' };
  const store = anyRegistryStore('registry.example', {}, { proxies });
  onTestFinished(async () => {
    await store.close();
    await proxy.stop();
  });
  expect(await store.image('a/b', anonymous).tags()).toEqual(['a']);
  expect(proxy.log().map((line) => line.split('?')[0])).toEqual([
    'GET http://registry.example/v2/a/b/tags/list',
    'GET http://auth.example/token',
    'GET http://registry.example/v2/a/b/tags/list',
  ]);
});

it('what NO_PROXY names is reached directly', async () => {
  const registry = await startScriptedRegistry(() => json({ tags: ['a'] }));
  const proxies = { httpProxy: 'http://127.0.0.1:1', httpsProxy: '', noProxy: '127.0.0.1' };
  const store = anyRegistryStore(registry.host, {}, { proxies });
  onTestFinished(async () => {
    await store.close();
    await registry.stop();
  });
  expect(await store.image('a/b', anonymous).tags()).toEqual(['a']);
});
