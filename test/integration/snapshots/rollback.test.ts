import { describe, expect, it, onTestFinished } from 'vitest';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { push, smallPackage } from '../../../bench/support/push.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { registryProgram, startRegistry } from '../../support/registry.ts';

const stores = ['directory', ...(registryProgram() === undefined ? [] : (['registry'] as const))] as const;

async function aGateway(kind: 'directory' | 'registry') {
  const registry = kind === 'registry' ? await startRegistry() : undefined;
  const gateway = await startGateway(registry && { store: { registry: registry.host } });
  onTestFinished(async () => {
    await gateway.stop();
    await registry?.stop();
  });
  const main = `${gateway.url}/apk/team/app/edge/main`;
  const rollback = async (body: object) => {
    const answer = await fetch(`${main}/rollback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.json()] as const;
  };
  return { main, snapshot: `${gateway.url}/apk/team/app/edge@first/main`, rollback };
}

async function listed(base: string): Promise<unknown> {
  const answer = await fetch(`${base}/x86_64/APKINDEX.tar.gz`);
  const { entries } = readIndexFile(new Uint8Array(await answer.arrayBuffer()));
  return entries.map(({ name, version, identity }) => [name, version, identity]);
}

describe.each(stores)('a rollback, on %s', (kind) => {
  it('makes the branch what the snapshot says, and tells what came and went', async () => {
    const { main, snapshot, rollback } = await aGateway(kind);
    const other = anApk({ name: 'beta', version: '1.0-r0', arch: 'x86_64', description: 'other bytes' });
    await push(main, smallPackage('alpha'), smallPackage('beta'), smallPackage('shared', 'noarch'));
    const before = await listed(main);
    expect((await fetch(snapshot, { method: 'PUT' })).status).toBe(201);
    for (const path of ['x86_64/alpha-1.0-r0.apk', 'x86_64/beta-1.0-r0.apk', 'noarch/shared-1.0-r0.apk']) {
      expect((await fetch(`${main}/${path}`, { method: 'DELETE' })).status).toBe(204);
    }
    await push(main, smallPackage('gamma'), other);
    const outcomes = {
      packages: expect.arrayContaining([
        expect.objectContaining({ fileName: 'alpha-1.0-r0.apk', outcome: 'restored' }),
        expect.objectContaining({ fileName: 'beta-1.0-r0.apk', outcome: 'restored' }),
        expect.objectContaining({ fileName: 'beta-1.0-r0.apk', outcome: 'deleted' }),
        expect.objectContaining({ fileName: 'gamma-1.0-r0.apk', outcome: 'deleted' }),
        expect.objectContaining({ fileName: 'shared-1.0-r0.apk', outcome: 'restored' }),
      ]) as unknown,
    };

    expect(await rollback({ snapshot: 'first', dryRun: true })).toMatchObject([200, { dryRun: true, ...outcomes }]);
    expect(await listed(main)).not.toEqual(before);
    expect(await rollback({ snapshot: 'first' })).toMatchObject([200, { dryRun: false, ...outcomes }]);
    expect(await listed(main)).toEqual(before);
    const beta = await fetch(`${main}/x86_64/beta-1.0-r0.apk`);
    expect(Buffer.from(await beta.arrayBuffer()).equals(smallPackage('beta'))).toBe(true);
    expect(await rollback({ snapshot: 'first' })).toMatchObject([200, { packages: [] }]);
  });

  it('to a snapshot that is not there, or of a snapshot, is refused', async () => {
    const { main, snapshot, rollback } = await aGateway(kind);
    await push(main, smallPackage('alpha'));
    expect(await rollback({ snapshot: 'first' })).toMatchObject([404, { code: 'SNAPSHOT_UNKNOWN' }]);
    await fetch(snapshot, { method: 'PUT' });
    const answer = await fetch(`${snapshot}/rollback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ snapshot: 'first' }),
    });
    expect(answer.status).toBe(405);
  });
});
