import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changeSchema, withdrawnSchema } from '../../../src/protocol/lifecycle.ts';
import { anApk, type ApkSpec } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const json = { 'content-type': 'application/json' };
let gateway: TestGateway;
let base: string;
let count = 0;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(async () => {
  await gateway.stop();
});

beforeEach(() => {
  count += 1;
  base = `${gateway.url}/apk/team/changes${count}/edge/main`;
});

async function push(...specs: readonly ApkSpec[]) {
  const form = new FormData();
  for (const spec of specs) form.append(spec.name + spec.version, new Blob([new Uint8Array(anApk(spec))]));
  expect((await fetch(`${base}/push`, { method: 'PUT', body: form })).status).toBe(201);
}

const post = (verb: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${base}/${verb}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });

async function listed(): Promise<readonly string[]> {
  const image = base.slice(`${gateway.url}/apk/`.length).replace(/\/edge\/main$/, '');
  const packages = (await (await fetch(`${gateway.url}/_packages/apk/${image}`)).json()) as { filePath: string }[];
  return packages.map(({ filePath }) => filePath.replace('edge/main/', '')).toSorted();
}

describe('a bulk deletion', () => {
  const nightlies = Array.from({ length: 4 }, (_, i) => ({ name: 'app', version: `1.${i}-r0` }));

  it('takes all that it names out of the index, and says what', async () => {
    await push(...nightlies, { name: 'lib', version: '1-r0', arch: 'aarch64' }, { name: 'kept', version: '1-r0' });
    const response = await post('delete', { files: ['x86_64/app-1.0-r0.apk', 'app-1.1*'], names: ['li*'] });
    const change = changeSchema.parse(await response.json());
    expect(change).toMatchObject({ dryRun: false, missing: [] });
    expect(change.packages.map(({ fileName, outcome }) => `${outcome} ${fileName}`).toSorted()).toEqual([
      'deleted app-1.0-r0.apk',
      'deleted app-1.1-r0.apk',
      'deleted lib-1-r0.apk',
    ]);
    expect(await listed()).toEqual(['x86_64/app-1.2-r0.apk', 'x86_64/app-1.3-r0.apk', 'x86_64/kept-1-r0.apk']);
  });

  it('changes nothing as a dry run, and is told apart in the audit log', async () => {
    await push(...nightlies);
    const change = changeSchema.parse(await (await post('delete', { names: ['app'], dryRun: true })).json());
    expect(change.dryRun).toBe(true);
    expect(change.packages).toHaveLength(4);
    expect(await listed()).toHaveLength(4);
  });

  it('tells what of it is nowhere, and is a 404 where nothing is there', async () => {
    await push(...nightlies);
    const change = changeSchema.parse(await (await post('delete', { files: ['app-1.0-r0.apk', 'none-1.apk'] })).json());
    expect(change.missing).toEqual(['none-1.apk']);
    expect((await post('delete', { files: ['none-1.apk'] })).status).toBe(404);
    // Asked again, as where an answer was lost.
    const again = changeSchema.parse(await (await post('delete', { files: ['app-1.0-r0.apk'] })).json());
    expect(again).toMatchObject({ packages: [{ fileName: 'app-1.0-r0.apk', outcome: 'unchanged' }], missing: [] });
  });

  it.each([
    ['a misspelt key', { names: ['app'], dryrun: true }],
    ['nothing that it selects', {}],
    ['a reason of several lines', { names: ['app'], reason: 'a\nb' }],
    ['no object', []],
  ])('is refused for %s', async (_, body) => {
    await push(...nightlies);
    expect((await post('delete', body)).status).toBe(400);
    expect(await listed()).toHaveLength(4);
  });

  it('is refused where it is not sent as JSON, is too long, or another site’s page sends it', async () => {
    await push(...nightlies);
    const body = { names: ['app'] };
    expect((await post('delete', body, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await post('delete', body, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post('delete', { files: ['x'.repeat(5 * 2 ** 20)] })).status).toBe(413);
    expect((await fetch(`${base}/delete`)).status).toBe(405);
    expect(await listed()).toHaveLength(4);
  });
});

describe('a withdrawal', () => {
  const app = { name: 'app', version: '1-r0' };
  const file = 'x86_64/app-1-r0.apk';

  it('takes packages out of the index, tells of them, and gives them back', async () => {
    await push(app, { name: 'other', version: '1-r0' });
    const body = { files: [file], reason: 'breaks booting' };
    expect(changeSchema.parse(await (await post('withdraw', body)).json()).packages).toMatchObject([
      { fileName: 'app-1-r0.apk', outcome: 'withdrawn' },
    ]);
    expect(await listed()).toEqual(['x86_64/other-1-r0.apk']);
    const told = withdrawnSchema.parse(await (await fetch(`${base}/withdrawn.json`)).json());
    expect(told.packages).toMatchObject([{ name: 'app', reason: 'breaks booting' }]);
    const kept = await fetch(`${base}/${file}`);
    expect([kept.headers.get('cache-control'), kept.headers.get('x-lkard-kept')]).toEqual([
      'no-cache',
      expect.stringMatching(/^withdrawn; until=\d{4}-/),
    ]);
    expect((await kept.arrayBuffer()).byteLength).toBeGreaterThan(0);
    const restored = changeSchema.parse(await (await post('restore', { names: ['app'] })).json());
    expect(restored.packages).toMatchObject([{ outcome: 'restored' }]);
    expect(await listed()).toEqual([file, 'x86_64/other-1-r0.apk']);
    expect((await fetch(`${base}/${file}`)).headers.get('x-lkard-kept')).toBeNull();
  });

  it('is ended by a push of other bytes of that name only for the path', async () => {
    await push(app);
    await post('withdraw', { files: [file] });
    await push({ ...app, description: 'other bytes' });
    expect((await post('restore', { files: [file] })).status).toBe(409);
    expect((await fetch(`${base}/${file}?`)).headers.get('x-lkard-kept')).toBeNull();
  });
});

it('a deletion leaves its bytes for a while, and none with ?now', async () => {
  await push({ name: 'app', version: '1-r0' }, { name: 'leak', version: '1-r0' });
  const remove = (path: string) => fetch(`${base}/x86_64/${path}`, { method: 'DELETE' });
  expect((await remove('app-1-r0.apk')).status).toBe(204);
  expect((await remove('leak-1-r0.apk?now')).status).toBe(204);
  expect((await fetch(`${base}/x86_64/app-1-r0.apk`)).headers.get('x-lkard-kept')).toMatch(/^deleted; until=/);
  expect((await fetch(`${base}/x86_64/leak-1-r0.apk`)).status).toBe(404);
  expect((await remove('app-1-r0.apk')).status).toBe(404);
  expect((await remove('app-1-r0.apk?now')).status).toBe(204);
  expect((await fetch(`${base}/x86_64/app-1-r0.apk`)).status).toBe(404);
});
