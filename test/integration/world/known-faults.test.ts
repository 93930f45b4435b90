import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { request } from 'undici';
import { readIndexFile } from '../../../src/apk/index/index-file.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { startRegistryFront, type RegistryFront } from '../../support/registry-front.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
const digits = expect.stringMatching(/^\d+$/) as string;
const bare404 = { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };

async function aReplica(host: string): Promise<string> {
  const gateway = await startGateway({ store: { registry: host } });
  onTestFinished(() => gateway.stop());
  return gateway.url;
}

async function push(url: string, image: string, name: string) {
  const body = anApk({ name, version: '1.0-r0', arch: 'x86_64', dataBytes: 500 });
  const answer = await request(`${url}/apk/${image}/edge/main/push?if-exists=skip`, { method: 'PUT', body });
  await answer.body.dump();
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
}

async function remove(url: string, image: string, name: string) {
  const file = `${url}/apk/${image}/edge/main/x86_64/${name}-1.0-r0.apk`;
  const answer = await request(file, { method: 'DELETE' });
  await answer.body.dump();
  return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
}

/** What the index lists; the status where there is none. */
async function listed(url: string, image: string): Promise<readonly string[] | number> {
  const answer = await request(`${url}/apk/${image}/edge/main/x86_64/APKINDEX.tar.gz`);
  const bytes = await answer.body.bytes();
  return answer.statusCode === 200 ? readIndexFile(bytes).entries.map(({ name }) => name) : answer.statusCode;
}

describe.skipIf(isMissing)(`a registry in the world${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  let registry: TestRegistry;
  let front: RegistryFront;

  beforeAll(async () => {
    registry = await startRegistry();
    front = await startRegistryFront(registry.host);
  });
  afterAll(async () => {
    await front.stop();
    await registry.stop();
  });

  it.each([
    ['the index was asked for', /\/tags\/list/],
    ['anything was', /^/],
  ])(
    'whose front end answers 404 after %s shows nobody an empty index, and loses nothing to a push',
    async (_when, from) => {
      const image = `team/front${from.source.length}`;
      const first = await aReplica(front.host);
      expect(await push(first, image, 'one')).toMatchObject({ status: 201 });
      const second = await aReplica(front.host);
      let hasBegun = false;
      front.meddle(image, (asked) => {
        hasBegun ||= from.test(asked);
        return hasBegun ? bare404 : undefined;
      });
      const meanwhile = listed(second, image);
      const pushed = push(second, image, 'two');
      const over = sleep(300).then(() => {
        front.calm(image);
      });
      expect([['one'], ['one', 'two'], 503]).toContainEqual(await meanwhile);
      await Promise.all([pushed, over]);
      expect([200, 201]).toContain((await push(second, image, 'two')).status);
      for (const url of [first, second, await aReplica(front.host)]) {
        expect(await listed(url, image)).toEqual(['one', 'two']);
      }
    },
  );

  it('that is read-only is 503 with Retry-After for who pushes or deletes, and readers go on', async () => {
    const image = 'team/read-only';
    const url = await aReplica(front.host);
    expect(await push(url, image, 'one')).toMatchObject({ status: 201 });
    // As distribution's own maintenance mode answers.
    const refused = { status: 405, headers: { 'content-type': 'text/plain' }, body: 'Method Not Allowed\n' };
    front.meddle(image, (asked) => (/^(?:GET|HEAD) /.test(asked) ? undefined : refused));
    expect(await push(url, image, 'two')).toEqual({ status: 503, retryAfter: digits });
    expect(await remove(url, image, 'one')).toEqual({ status: 503, retryAfter: digits });
    expect(await listed(url, image)).toEqual(['one']);
    front.calm(image);
    expect(await push(url, image, 'two')).toMatchObject({ status: 201 });
    expect(await remove(url, image, 'one')).toMatchObject({ status: 204 });
  });

  it.each([405, 501])('that answers HEAD with %i is pushed to, read from and deleted from', async (status) => {
    const image = `team/head${status}`;
    front.meddle(image, (asked) => (asked.startsWith('HEAD ') ? { status } : undefined));
    const url = await aReplica(front.host);
    expect(await push(url, image, 'one')).toMatchObject({ status: 201 });
    expect(await push(url, image, 'two')).toMatchObject({ status: 201 });
    expect(await remove(url, image, 'one')).toMatchObject({ status: 204 });
    expect(await listed(url, image)).toEqual(['two']);
    expect(await listed(await aReplica(front.host), image)).toEqual(['two']);
  });

  it('that was set back to a backup takes again what it lost: nobody is told that it is there', async () => {
    const folder = await makeTempDir();
    const kept = path.join(folder.path, 'kept');
    const data = path.join(folder.path, 'registry');
    await mkdir(data);
    const older = await startRegistry({ folder: data });
    const { host } = older;
    const url = await aReplica(host);
    expect(await push(url, 'team/app', 'one')).toMatchObject({ status: 201 });
    await cp(path.join(data, 'data'), kept, { recursive: true });
    expect(await push(url, 'team/app', 'two')).toMatchObject({ status: 201 });
    await older.stop();
    await rm(path.join(data, 'data'), { recursive: true });
    await cp(kept, path.join(data, 'data'), { recursive: true });
    const restored = await startRegistry({ folder: data, host });
    onTestFinished(async () => {
      await restored.stop();
      await folder.remove();
    });
    expect(await push(url, 'team/app', 'two')).toMatchObject({ status: 201 });
    expect(await listed(await aReplica(host), 'team/app')).toEqual(['one', 'two']);
    expect(await listed(url, 'team/app')).toEqual(['one', 'two']);
  });
});
