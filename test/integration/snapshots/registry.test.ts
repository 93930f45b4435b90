import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fill, push, smallPackage } from '../../../bench/support/push.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { startGateway } from '../../support/gateway.ts';
import { registryProgram, startRegistry, type RegistryOptions } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);
const program = registryProgram();

async function aRegistry(options: RegistryOptions = {}) {
  const folder = await makeTempDir();
  const registry = await startRegistry({ folder: folder.path, ...options });
  const gateway = async () => {
    const started = await startGateway({ store: { registry: registry.host } });
    onTestFinished(() => started.stop());
    return { main: `${started.url}/apk/team/app/edge/main`, snapshot: `${started.url}/apk/team/app/edge@first/main` };
  };
  onTestFinished(async () => {
    await registry.stop();
    await folder.remove();
  });
  return { registry, gateway, config: path.join(folder.path, 'config.yml') };
}

async function tagsOf(host: string): Promise<readonly string[]> {
  const answer = await fetch(`http://${host}/v2/team/app/tags/list`);
  return ((await answer.json()) as { tags: string[] | null }).tags ?? [];
}

describe.skipIf(program === undefined)('a snapshot on docker-registry', () => {
  it("keeps its packages through the registry's own collection, after they were deleted from the branch", async () => {
    const { gateway, config } = await aRegistry();
    const { main, snapshot } = await gateway();
    await push(main, smallPackage('alpha'), smallPackage('beta'));
    expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
    for (const name of ['alpha', 'beta']) {
      expect((await fetch(`${main}/x86_64/${name}-1.0-r0.apk`, { method: 'DELETE' })).status).toBe(204);
    }
    await push(main, smallPackage('gamma'));
    await run(program!, ['garbage-collect', '--delete-untagged', config]);

    // One that has nothing in memory.
    const fresh = await gateway();
    const answer = await fetch(`${fresh.snapshot}/x86_64/alpha-1.0-r0.apk`);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(smallPackage('alpha'))).toBe(true);
    expect((await fetch(`${fresh.snapshot}/x86_64/APKINDEX.tar.gz`)).status).toBe(200);
  });

  it('leaves nothing but a tombstone when it is removed', async () => {
    const { gateway, registry, config } = await aRegistry();
    const { main, snapshot } = await gateway();
    await push(main, smallPackage('alpha'));
    await fetch(snapshot, { method: 'PUT' });
    await fetch(`${main}/x86_64/alpha-1.0-r0.apk`, { method: 'DELETE' });
    expect(await (await fetch(snapshot, { method: 'DELETE' })).json()).toEqual({
      name: 'first',
      freed: true,
      notes: [],
    });
    const left = (await tagsOf(registry.host)).filter((tag) => tag.startsWith('snapshot-'));
    expect(left).toEqual([expect.stringMatching(/^snapshot-gone-edge-main-first-/)]);
    await run(program!, ['garbage-collect', '--delete-untagged', config]);
    expect((await fetch(`${(await gateway()).snapshot}/x86_64/APKINDEX.tar.gz`)).status).toBe(404);
  });

  it('is gone for readers where the registry deletes nothing, and who removed it is told what stays', async () => {
    const { gateway } = await aRegistry({ delete: false });
    const [one, other] = [await gateway(), await gateway()];
    await push(one.main, smallPackage('alpha'));
    await fetch(one.snapshot, { method: 'PUT' });
    expect((await fetch(`${other.snapshot}/x86_64/APKINDEX.tar.gz`)).status).toBe(200);
    const removed = (await (await fetch(one.snapshot, { method: 'DELETE' })).json()) as { notes: string[] };
    expect(removed).toMatchObject({ freed: false, notes: [expect.stringContaining('stays stored')] });
    for (const { snapshot } of [one, other, await gateway()]) {
      expect((await fetch(`${snapshot}/x86_64/APKINDEX.tar.gz`)).status).toBe(404);
    }
    expect((await fetch(other.snapshot, { method: 'PUT' })).status).toBe(201);
    expect((await fetch(`${one.snapshot}/x86_64/APKINDEX.tar.gz`)).status).toBe(200);
  });
});

describe.skipIf(program === undefined)('what a snapshot costs a registry', () => {
  const counted = async () => {
    const registry = await startRegistry();
    const proxy = await startCountingProxy(registry.host);
    const gateway = await startGateway({ store: { registry: proxy.host } });
    onTestFinished(async () => {
      await gateway.stop();
      await proxy.stop();
      await registry.stop();
    });
    const at = (branch: string) => `${gateway.url}/apk/team/app/${branch}/main`;
    const costOf = async (work: () => Promise<unknown>) => {
      proxy.take();
      await work();
      return proxy.take().requests;
    };
    return { at, costOf };
  };

  // A thousand packages are one request more (unit/repository/snapshots): for 5,000 it is four more than here.
  it('is some fifteen requests, and two for each run that stands in the manifest of its index; a reader asks one as of any index', async () => {
    const { at, costOf } = await counted();
    await fill(at('edge'), 0, 250);
    expect(await costOf(() => fetch(at('edge@first'), { method: 'PUT' }))).toBeLessThanOrEqual(32);
    const index = `${at('edge@first')}/x86_64/APKINDEX.tar.gz`;
    expect((await fetch(index)).status).toBe(200);
    expect(await costOf(() => fetch(index))).toBe(1);
    expect(await costOf(() => fetch(`${at('edge')}/snapshots.json`))).toBeLessThanOrEqual(2);
  });

  it('is nothing to those who push beside 50 of them', async () => {
    const { at, costOf } = await counted();
    await push(at('edge'), smallPackage('alpha'));
    await push(at('edge'), smallPackage('beta'));
    const before = await costOf(() => push(at('edge'), smallPackage('gamma')));
    for (let i = 0; i < 50; i += 1) {
      expect((await fetch(at(`edge@night-${i}`), { method: 'PUT' })).status).toBe(201);
    }
    expect(await costOf(() => push(at('edge'), smallPackage('delta')))).toBe(before);
  }, 60_000);
});
