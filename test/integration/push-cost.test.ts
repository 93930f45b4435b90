import { describe, expect, it, onTestFinished } from 'vitest';
import { fill, push, smallPackage } from '../../bench/support/push.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';

describe.skipIf(registryProgram() === undefined)('what a push costs a registry', () => {
  it.each([10, 200])('is 9 requests for one package with %i there', async (size) => {
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
    expect(requests, JSON.stringify(byMethod)).toBeLessThanOrEqual(9);
  });

  it('is one request more for a deletion that leaves a grace', async () => {
    const registry = await startRegistry();
    const proxy = await startCountingProxy(registry.host);
    const costOf = async (grace: string) => {
      const gateway = await startGateway({ store: { registry: proxy.host }, settings: { 'delete-grace': grace } });
      const base = `${gateway.url}/apk/team/grace${grace}/edge/main`;
      await fill(base, 0, 10);
      await push(base, smallPackage('counted'));
      const { packages } = (await (await fetch(`${base}/packages.json`)).json()) as {
        packages: { filePath: string }[];
      };
      const [, , architecture, file] = packages[0]!.filePath.split('/');
      proxy.take();
      expect((await fetch(`${base}/${architecture}/${file}`, { method: 'DELETE' })).status).toBe(204);
      const { requests } = proxy.take();
      await gateway.stop();
      return requests;
    };
    onTestFinished(async () => {
      await proxy.stop();
      await registry.stop();
    });
    expect(await costOf('4h')).toBeLessThanOrEqual((await costOf('0s')) + 1);
  });
});
