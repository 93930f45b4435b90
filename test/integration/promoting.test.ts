import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changeSchema, type ChangeDocument } from '../../src/protocol/lifecycle.ts';
import { anApk, type ApkSpec } from '../support/an-apk.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { startGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { registryProgram, startRegistry } from '../support/registry.ts';
import { aPrivateKey, keyFixture } from '../support/signing-keys.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const edge = { image: 'team/app', branch: 'edge', repository: 'main' };

async function aGateway(options: TestGatewayOptions) {
  const gateway = await startGateway(options);
  onTestFinished(() => gateway.stop());
  const push = async (...specs: readonly ApkSpec[]) => {
    const form = new FormData();
    for (const spec of specs) form.append(`${spec.name}-${spec.version}`, new Blob([new Uint8Array(anApk(spec))]));
    const answer = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, { method: 'PUT', body: form });
    expect(answer.status).toBe(201);
  };
  const promote = async (to: string, packages: readonly string[], more: object = {}) => {
    const answer = await fetch(`${gateway.url}/apk/${to}/promote`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ from: edge, packages, ...more }),
    });
    const text = await answer.text();
    const change: ChangeDocument | undefined = answer.ok ? changeSchema.parse(JSON.parse(text)) : undefined;
    return { status: answer.status, text, packages: change?.packages ?? [] };
  };
  const digestAt = async (file: string) => {
    const answer = await fetch(`${gateway.url}/apk/${file}`);
    return answer.ok
      ? `sha256:${createHash('sha256')
          .update(Buffer.from(await answer.arrayBuffer()))
          .digest('hex')}`
      : answer.status;
  };
  return { push, promote, digestAt };
}

describe.skipIf(registryProgram() === undefined)('promoting at docker-registry', () => {
  it('takes 100 packages to another image in four requests each at most, without their bytes', async () => {
    const registry = await startRegistry();
    const proxy = await startCountingProxy(registry.host);
    onTestFinished(async () => {
      await proxy.stop();
      await registry.stop();
    });
    const { push, promote, digestAt } = await aGateway({ store: { registry: proxy.host } });
    const dataBytes = 30_000;
    await push(...Array.from({ length: 100 }, (_, i) => ({ name: `app${i}`, version: '1-r0', dataBytes })));
    proxy.take();

    const { status, packages } = await promote('team/released/v1/main', ['app*']);

    const { requests, written, byMethod } = proxy.take();
    expect([status, packages.filter(({ outcome }) => outcome === 'promoted').length]).toEqual([200, 100]);
    expect(requests, JSON.stringify(byMethod)).toBeLessThanOrEqual(400);
    expect(requests, JSON.stringify(byMethod)).toBeLessThanOrEqual(250);
    expect(written).toBeLessThan((100 * dataBytes) / 8);
    expect(byMethod['GET blobs'] ?? 0).toBeLessThan(10);
    expect(await digestAt('team/released/v1/main/x86_64/app7-1-r0.apk')).toBe(
      packages.find(({ name }) => name === 'app7')?.digest,
    );

    const again = await promote('team/released/v1/main', ['app*']);
    expect(new Set(again.packages.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));
    expect(proxy.take().requests).toBeLessThanOrEqual(400);
  }, 120_000);

  it('moves a package: it leaves the source once the target lists it', async () => {
    const registry = await startRegistry();
    onTestFinished(() => registry.stop());
    const { push, promote, digestAt } = await aGateway({ store: { registry: registry.host } });
    await push({ name: 'app', version: '1-r0' });
    const { packages } = await promote('team/released/v1/main', ['app'], { move: true });
    expect(await digestAt('team/released/v1/main/x86_64/app-1-r0.apk')).toBe(packages[0]?.digest);
    expect((await promote('team/released/v1/main', ['app'])).status).toBe(404);
  });
});

describe('promoting in the embedded store', () => {
  it('is all or none, and unchanged the second time', async () => {
    const { push, promote, digestAt } = await aGateway({});
    await push({ name: 'app', version: '1-r0' }, { name: 'lib', version: '1-r0' });
    expect((await promote('team/released/v1/main', ['app', 'nothing'])).status).toBe(404);
    expect(await digestAt('team/released/v1/main/x86_64/app-1-r0.apk')).toBe(404);
    const { packages } = await promote('team/released/v1/main', ['app', 'lib']);
    expect(packages.map(({ outcome }) => outcome)).toEqual(['promoted', 'promoted']);
    expect(await digestAt('team/released/v1/main/x86_64/app-1-r0.apk')).toBe(packages[0]?.digest);
    expect((await promote('team/released/v1/main', ['app'])).packages).toMatchObject([{ outcome: 'unchanged' }]);
  });

  it('takes only what the target’s keys signed, where it wants that, and says whose signature it is', async () => {
    const folder = await makeTempDir();
    onTestFinished(() => folder.remove());
    const key = 'test-only-2048.rsa';
    const policy = path.join(folder.path, 'policy.yaml');
    const rule = { images: 'team/released', keys: keyFixture(`${key}.pub`) };
    await writeFile(policy, JSON.stringify({ packageSignatures: [rule] }));
    const { push, promote } = await aGateway({ settings: { 'trusted-publishers': policy } });
    const signWith = { key: aPrivateKey(key), keyName: `${key}.pub` };
    await push({ name: 'signed', version: '1-r0', signWith }, { name: 'plain', version: '1-r0' });
    expect(await promote('team/released/v1/main', ['plain', 'signed'])).toMatchObject({ status: 403 });
    expect(await promote('team/released/v1/main', ['signed'])).toMatchObject({ status: 200 });
    expect(await promote('team/app/stable/main', ['plain'])).toMatchObject({ status: 200 });
  });

  it('reads no other image where one alone is served', async () => {
    const { promote } = await aGateway({ settings: { image: 'team/only' } });
    expect((await promote('edge/main', ['app'])).status).toBe(404);
  });
});
