import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HelperCredentials } from '../../../src/credentials/credential-helper.ts';
import { createCredentialHelper } from '../../../src/credentials/credential-helper.ts';
import { createDockerCredentials } from '../../../src/credentials/docker-credentials.ts';

let folder: string;
const clock = { nowMs: 0, now: () => clock.nowMs };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-credentials-'));
});
afterEach(() => rm(folder, { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const fileWith = async (config: object, name = 'config.json') => {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(config));
  return file;
};
const find = async (config: object, image: string, host = 'registry.example.org') =>
  createDockerCredentials(clock, { host, files: [await fileWith(config)] }).find(image);

describe("the gateway's own credentials", () => {
  it('are those of the longest name that fits the image', async () => {
    const auths = {
      'registry.example.org': auth('all:1'),
      'registry.example.org/team': auth('team:2'),
      'registry.example.org/team/app': auth('app:3:4'),
    };
    expect(await find({ auths }, 'team/app')).toEqual({ kind: 'basic', username: 'app', password: '3:4' });
    expect(await find({ auths }, 'team/application')).toMatchObject({ username: 'team' });
    expect(await find({ auths }, 'teams/app')).toMatchObject({ username: 'all' });
    expect(await find({ auths }, 'team/app', 'registry.example.org:5000')).toEqual({ kind: 'anonymous' });
    expect(await find({ auths }, 'team/app', 'registry.example.org.evil.example')).toEqual({ kind: 'anonymous' });
  });

  it.each([
    ['https://registry.example.org', auth('me:1'), { kind: 'basic', username: 'me', password: '1' }],
    ['https://registry.example.org/v1/', auth('me:1'), { kind: 'basic', username: 'me', password: '1' }],
    ['registry.example.org', { username: 'me', password: '1' }, { kind: 'basic', username: 'me', password: '1' }],
    ['registry.example.org', { identitytoken: 't' }, { kind: 'identity', username: '', token: 't' }],
    ['registry.example.org', { registrytoken: 't' }, { kind: 'bearer', token: 't' }],
    ['registry.example.org', auth('me:1\0\0'), { kind: 'basic', username: 'me', password: '1' }],
    ['registry.example.org', auth('<token>:t'), { kind: 'identity', username: '<token>', token: 't' }],
    ['registry.example.org', auth(':1'), { kind: 'anonymous' }],
    ['registry.example.org', {}, { kind: 'anonymous' }],
  ])('are read as %s has them: %j', async (key, entry, credentials) => {
    expect(await find({ auths: { [key]: entry } }, 'app')).toEqual(credentials);
  });

  it("are Docker Hub's under its old name", async () => {
    const auths = { 'https://index.docker.io/v1/': auth('me:1') };
    expect(await find({ auths }, 'me/app', 'docker.io')).toMatchObject({ username: 'me' });
  });

  it('come from the first file that has any, and are read again when it changes', async () => {
    const files = [
      join(folder, 'none'),
      await fileWith({}, 'first'),
      await fileWith({ auths: { r: auth('a:1') } }, 'second'),
    ];
    const credentials = createDockerCredentials(clock, { host: 'r', files });
    expect(await credentials.find('app')).toMatchObject({ username: 'a' });
    await fileWith({ auths: { r: auth('b:1') } }, 'first');
    expect(await credentials.find('app')).toMatchObject({ username: 'b' });
  });

  it('come from a helper, which is not asked each time', async () => {
    let asked = 0;
    const kept: HelperCredentials = { username: '<token>', secret: 't' };
    const get = (server: string) => {
      asked += 1;
      return Promise.resolve(server === 'r' ? kept : undefined);
    };
    const helperOf = () => ({ get, store: () => Promise.resolve(), erase: () => Promise.resolve() });
    const files = [await fileWith({ credHelpers: { r: 'safe' } })];
    const credentials = createDockerCredentials({ ...clock, helperOf }, { host: 'r', files });
    expect(await credentials.find('app')).toEqual({ kind: 'identity', username: '<token>', token: 't' });
    await credentials.find('app');
    expect(asked).toBe(2);
    clock.nowMs += 60_000;
    await credentials.find('app');
    expect(asked).toBe(4);
  });

  it('that cannot be understood are a fault that quotes nothing of them', async () => {
    const file = join(folder, 'config.json');
    await writeFile(file, '{"auths":{"r":{"auth":"c2VjcmV0"');
    const found = createDockerCredentials(clock, { host: 'r', files: [file] }).find('app');
    await expect(found).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.not.stringContaining('c2V') as string,
    });
  });
});

it('a helper is a plain name and no path', () => {
  expect(() => createCredentialHelper('../../bin/sh')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
  );
});
