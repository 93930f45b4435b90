import { describe, expect, it, onTestFinished } from 'vitest';
import { entryOf, registryFolder, seedPackages, type SeedOptions } from '../../../bench/support/seed.ts';
import { push, smallPackage } from '../../../bench/support/push.ts';
import { changeSchema } from '../../../src/protocol/lifecycle.ts';
import { startGateway } from '../../support/gateway.ts';
import { startRegistryFront } from '../../support/registry-front.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const image = 'team/large';

/** A gateway before a docker-registry that has so many packages of each architecture, whose indexes are published. */
async function aLargeRepository(counts: Readonly<Record<string, number>>, entry?: SeedOptions['entry']) {
  const folder = await makeTempDir();
  for (const [architecture, count] of Object.entries(counts)) {
    const group = { image, branch: 'edge', repository: 'main', architecture };
    seedPackages(registryFolder(folder.path, image), group, count, { hasFiles: true, ...(entry && { entry }) });
  }
  const registry = await startRegistry({ folder: folder.path });
  const front = await startRegistryFront(registry.host);
  const gateway = await startGateway({ store: { registry: front.host } });
  onTestFinished(async () => {
    await gateway.stop();
    await front.stop();
    await registry.stop();
    await folder.remove();
  });
  const main = `${gateway.url}/apk/${image}/edge/main`;
  for (const architecture of Object.keys(counts)) await push(main, smallPackage('first', architecture));
  const requests: string[] = [];
  front.meddle(image, (request) => {
    requests.push(request);
    return undefined;
  });
  return { main, snapshot: `${gateway.url}/apk/${image}/edge@first/main`, take: () => requests.splice(0) };
}

const countLinesIn = (requests: readonly string[], what: RegExp) => requests.filter((one) => what.test(one)).length;

describe.skipIf(registryProgram() === undefined)('what a change of many packages costs a registry', () => {
  it('is 30 requests at most for a snapshot of 5,000 packages, and one for each look at its index', async () => {
    const { main, snapshot, take } = await aLargeRepository({ x86_64: 3000, aarch64: 2000 });
    take();

    const made = await fetch(snapshot, { method: 'PUT' });

    expect([made.status, await made.json()]).toMatchObject([201, { packages: { count: 5002 } }]);
    const requests = take();
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(30);
    expect(countLinesIn(requests, /PUT .*\/blobs\//), requests.join('\n')).toBe(0);
    const index = `${snapshot}/x86_64/APKINDEX.tar.gz`;
    const first = await fetch(index);
    expect([first.status, (await first.arrayBuffer()).byteLength > 100_000]).toEqual([200, true]);
    take();
    await (await fetch(index)).arrayBuffer();
    expect(take()).toHaveLength(1);
    await push(main, smallPackage('later'));
    expect(take().length).toBeLessThanOrEqual(14);
  }, 240_000);

  // As many as 1,500 of 1,600 are counted in memory (unit/repository/retention): docker-registry 2.8 looks through all tags for each.
  it('is one change of the index for the pruning of 150 packages of 160', async () => {
    const nightly: SeedOptions['entry'] = (group, i) => ({
      ...entryOf(group, i),
      ...{ name: `nightly${i % 10}`, version: `1.0_git${20_260_901 + Math.floor(i / 10)}-r0`, depends: [] },
      ...{ provides: [], identity: entryOf(group, i).identity },
    });
    const { main, take } = await aLargeRepository({ x86_64: 160 }, nightly);
    take();

    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ keep: 1, names: ['nightly*'] });
    const answer = await fetch(`${main}/prune`, { method: 'POST', headers, body });

    expect(answer.status).toBe(200);
    const { packages } = changeSchema.parse(await answer.json());
    expect(packages.filter(({ outcome }) => outcome === 'deleted')).toHaveLength(150);
    const requests = take();
    expect(countLinesIn(requests, /^PUT .*\/manifests\/index-/)).toBe(1);
    // Kept, buried (by digest, which is asked for first) and remembered: whatever else there is, nothing grows with it.
    // This one removes tags by their digest alone, which is asked for twice: one more for each than where they have names.
    expect(requests.length).toBeLessThanOrEqual(150 * 5 + 50);
  }, 240_000);
});
