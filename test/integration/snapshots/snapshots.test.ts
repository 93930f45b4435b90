import { describe, expect, it, onTestFinished } from 'vitest';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { push, smallPackage } from '../../../bench/support/push.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';

const stores = ['directory', ...(registryProgram() === undefined ? [] : (['registry'] as const))] as const;

/** Two gateways before one store, which is the first's own where that is a directory. */
async function aStore(kind: 'directory' | 'registry'): Promise<readonly [TestGateway, TestGateway]> {
  if (kind === 'directory') {
    const gateway = await startGateway();
    onTestFinished(() => gateway.stop());
    return [gateway, gateway];
  }
  const registry = await startRegistry();
  const gateways = [
    await startGateway({ store: { registry: registry.host } }),
    await startGateway({ store: { registry: registry.host } }),
  ] as const;
  onTestFinished(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await registry.stop();
  });
  return gateways;
}

const main = ({ url }: TestGateway) => `${url}/apk/team/app/edge/main`;
const snapshot = ({ url }: TestGateway, name = 'first') => `${url}/apk/team/app/edge@${name}/main`;

async function namesIn(base: string, architecture = 'x86_64'): Promise<readonly string[] | number> {
  const answer = await fetch(`${base}/${architecture}/APKINDEX.tar.gz`);
  if (answer.status !== 200) return answer.status;
  const index = readIndexFile(new Uint8Array(await answer.arrayBuffer()));
  return index.entries.map(({ name }) => name);
}

async function statusOf(url: string, method = 'GET', body?: Buffer): Promise<number> {
  const answer = await fetch(url, { method, ...(body && { body: new Uint8Array(body) }) });
  await answer.arrayBuffer();
  return answer.status;
}

async function codeOf(url: string, method: string, body?: Buffer): Promise<unknown> {
  const headers = { accept: 'application/json' };
  const answer = await fetch(url, { method, headers, ...(body && { body: new Uint8Array(body) }) });
  const text = await answer.text();
  return [answer.status, (JSON.parse(text) as { code?: string }).code];
}

describe.each(stores)('a snapshot, on %s', (kind) => {
  it('lists and gives out what was there, whatever happens to the branch', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'), smallPackage('beta'), smallPackage('shared', 'noarch'));
    expect(await statusOf(snapshot(gateway), 'PUT')).toBe(201);
    expect(await statusOf(`${main(gateway)}/x86_64/alpha-1.0-r0.apk`, 'DELETE')).toBe(204);
    await push(main(gateway), smallPackage('gamma'));

    for (const one of [gateway, other]) {
      expect(await namesIn(snapshot(one))).toEqual(['alpha', 'beta', 'shared']);
      expect(await namesIn(snapshot(one), 'aarch64')).toEqual(['shared']);
      expect(await statusOf(`${snapshot(one)}/x86_64/alpha-1.0-r0.apk`)).toBe(200);
      expect(await statusOf(`${snapshot(one)}/x86_64/gamma-1.0-r0.apk`)).toBe(404);
      expect(await statusOf(`${snapshot(one)}/x86_64/Packages.adb`)).toBe(200);
      expect(await namesIn(main(one))).toEqual(['beta', 'gamma', 'shared']);
    }
    const both = await Promise.all(
      [gateway, other].map(async (one) => (await fetch(`${snapshot(one)}/x86_64/APKINDEX.tar.gz`)).arrayBuffer()),
    );
    expect(Buffer.from(both[0]!).equals(Buffer.from(both[1]!))).toBe(true);
  });

  it('has a name once, until it is removed', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'));
    expect(await statusOf(snapshot(gateway), 'PUT')).toBe(201);
    expect(await codeOf(snapshot(other), 'PUT')).toEqual([409, 'SNAPSHOT_EXISTS']);
    expect(await namesIn(snapshot(other))).toEqual(['alpha']);

    expect(await statusOf(snapshot(gateway), 'DELETE')).toBe(200);
    expect(await namesIn(snapshot(gateway))).toBe(404);
    expect(await namesIn(snapshot(other))).toBe(404);
    expect(await codeOf(snapshot(other), 'DELETE')).toEqual([404, 'SNAPSHOT_UNKNOWN']);

    await push(main(gateway), smallPackage('beta'));
    expect(await statusOf(snapshot(other), 'PUT')).toBe(201);
    expect(await namesIn(snapshot(gateway))).toEqual(['alpha', 'beta']);
  });

  it('never changes', async () => {
    const [gateway] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'));
    await fetch(snapshot(gateway), { method: 'PUT' });
    const file = `${snapshot(gateway)}/x86_64/alpha-1.0-r0.apk`;
    expect(await codeOf(`${snapshot(gateway)}/push`, 'PUT', smallPackage('beta'))).toEqual([405, 'SNAPSHOT_IMMUTABLE']);
    expect(await codeOf(file, 'DELETE')).toEqual([405, 'SNAPSHOT_IMMUTABLE']);
    expect(await codeOf(file, 'PUT', smallPackage('alpha'))).toEqual([405, 'SNAPSHOT_IMMUTABLE']);
    expect((await fetch(file, { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD');
    expect(await namesIn(snapshot(gateway))).toEqual(['alpha']);
  });

  it('has a setup script as its branch has, and one that there is not has none', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'));
    await fetch(snapshot(gateway), { method: 'PUT' });
    for (const one of [gateway, other]) {
      expect(await (await fetch(`${snapshot(one)}/setup`)).text()).toContain("ready='ready: apk");
      expect(await codeOf(`${snapshot(one, 'second')}/setup`, 'GET')).toEqual([404, 'SNAPSHOT_UNKNOWN']);
    }
  });

  it('is listed, with who made it and what it holds', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'), smallPackage('shared', 'noarch'));
    await fetch(snapshot(gateway, 'One'), { method: 'PUT' });
    await fetch(snapshot(gateway, 'two.2026'), { method: 'PUT' });
    await push(`${other.url}/apk/team/app/edge/testing`, smallPackage('alpha'));
    await fetch(`${other.url}/apk/team/app/edge@else/testing`, { method: 'PUT' });

    for (const base of [main(other), snapshot(other, 'One')]) {
      const listed = (await (await fetch(`${base}/snapshots.json`)).json()) as { snapshots: { name: string }[] };
      expect(listed.snapshots.map(({ name }) => name).toSorted()).toEqual(['One', 'two.2026']);
      expect(listed.snapshots[0]).toMatchObject({
        branch: 'edge',
        repository: 'main',
        architectures: ['noarch', 'x86_64'],
        packages: { count: 2 },
      });
    }
    const repositories = (await (await fetch(`${other.url}/_repositories/team/app`)).json()) as { name: string }[];
    expect(repositories.map(({ name }) => name).toSorted()).toEqual(['edge/main', 'edge/testing']);
  });

  it('has keys, a configuration, a listing and a status as its repository has', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'), smallPackage('beta'));
    await fetch(snapshot(gateway), { method: 'PUT' });
    await fetch(`${main(gateway)}/x86_64/alpha-1.0-r0.apk`, { method: 'DELETE' });
    const key = await (await fetch(`${main(other)}/key`)).text();
    expect(await (await fetch(`${snapshot(other)}/key`)).text()).toBe(key);
    const configuration = (await (await fetch(`${snapshot(other)}/apk-configuration`)).json()) as { jwks_uri: string };
    expect(configuration.jwks_uri).toBe(`${snapshot(other)}/jwks.json`);
    expect(await statusOf(configuration.jwks_uri)).toBe(200);
    const listing = (await (await fetch(`${snapshot(other)}/packages.json`)).json()) as { total: number };
    expect(listing).toMatchObject({ packages: [{ name: 'alpha', branch: 'edge@first' }, { name: 'beta' }] });
    expect(await (await fetch(`${snapshot(other)}/status.json`)).json()).toMatchObject({
      architectures: [{ architecture: 'x86_64' }],
    });
    expect(await (await fetch(`${snapshot(other)}/setup`)).text()).toContain('/edge@first/main');
    expect(await statusOf(`${snapshot(other)}/x86_64/alpha-1.0-r0.apk.json`)).toBe(200);
  });

  it('of nothing, or under a name that can be none, is refused', async () => {
    const [gateway] = await aStore(kind);
    expect(await codeOf(snapshot(gateway), 'PUT')).toEqual([404, 'REPOSITORY_UNKNOWN']);
    await push(main(gateway), smallPackage('alpha'));
    expect(await codeOf(snapshot(gateway, 'a@b'), 'PUT')).toEqual([400, 'BRANCH_INVALID']);
    expect(await codeOf(snapshot(gateway, ''), 'PUT')).toEqual([400, 'BRANCH_INVALID']);
    expect(await namesIn(snapshot(gateway, 'missing'))).toBe(404);
  });

  it('is made once where two want its name at once', async () => {
    const [gateway, other] = await aStore(kind);
    await push(main(gateway), smallPackage('alpha'));
    const many = [gateway, other, gateway, other];
    const statuses = await Promise.all(many.map((one) => statusOf(snapshot(one), 'PUT')));
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(3);
    expect(await namesIn(snapshot(other))).toEqual(['alpha']);
  });
});
