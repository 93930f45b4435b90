import { describe, expect, it, onTestFinished } from 'vitest';
import { fill, push, smallPackage } from '../../bench/support/push.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';

describe.skipIf(registryProgram() === undefined)('what a push costs a registry', () => {
  it.each([10, 200])('is 14 requests for one package with %i there, whatever their number', async (size) => {
    const registry = await startRegistry();
    const proxy = await startCountingProxy(registry.host);
    const gateway = await startGateway({ store: { registry: proxy.host } });
    onTestFinished(async () => {
      await gateway.stop();
      await proxy.stop();
      await registry.stop();
    });
    const base = `${gateway.url}/apk/team/app/edge/main`;
    await fill(base, 0, size);
    await push(base, smallPackage('warm'));
    proxy.take();

    await push(base, smallPackage('counted'));

    const { requests, byMethod } = proxy.take();
    expect(requests, JSON.stringify(byMethod)).toBeLessThanOrEqual(14);
  });
});
