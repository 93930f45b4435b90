import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { startGateway } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';

const mebibyte = 2 ** 20;

async function aPlace() {
  const registry = await startRegistry();
  const proxy = await startCountingProxy(registry.host);
  const gateway = await startGateway({ store: { registry: proxy.host } });
  onTestFinished(async () => {
    await gateway.stop();
    await proxy.stop();
    await registry.stop();
  });
  const base = `${gateway.url}/apk/team/app/edge/main`;
  const push = async (body: Buffer) => {
    const answer = await request(`${base}/push`, { method: 'PUT', body });
    await answer.body.dump();
    return answer.statusCode;
  };
  return { base, proxy, push };
}

describe.skipIf(registryProgram() === undefined)('a large push', () => {
  it('goes to the registry while it comes, and comes back byte for byte', async () => {
    const { base, proxy, push } = await aPlace();
    const large = anApk({ name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: 9 * mebibyte });
    expect(await push(large)).toBe(201);
    const { byMethod, written } = proxy.take();
    expect(byMethod['PATCH blobs/uploads']).toBe(1);
    expect(written).toBeLessThan(large.length + mebibyte);
    const answer = await request(`${base}/x86_64/large-1.0-r0.apk`);
    expect(Buffer.from(await answer.body.arrayBuffer()).equals(large)).toBe(true);
  });

  it('that turns out to be no package leaves nothing there', async () => {
    const { base, proxy, push } = await aPlace();
    const damaged = anApk({ name: 'large', version: '1.0-r0', arch: 'x86_64', dataBytes: 9 * mebibyte });
    damaged.fill(0, damaged.length - 4096);
    expect(await push(damaged)).toBe(400);
    const { byMethod } = proxy.take();
    expect(byMethod['DELETE blobs/uploads']).toBe(1);
    expect(byMethod['PUT blobs/uploads']).toBeUndefined();
    const answer = await request(`${base}/x86_64/large-1.0-r0.apk`);
    await answer.body.dump();
    expect(answer.statusCode).toBe(404);
  });
});
