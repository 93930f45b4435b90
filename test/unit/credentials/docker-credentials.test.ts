import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HelperCredentials, createCredentialHelper } from '../../../src/credentials/credential-helper.ts';
import { createDockerCredentials } from '../../../src/credentials/docker-credentials.ts';
import { aClock } from '../../support/a-repository.ts';

let folder: string;
const clock = aClock();
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
  createDockerCredentials({ clock }, { host, files: [await fileWith(config)] }).find(image);

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
    ['registry.example.org', { ...auth('me:1'), identitytoken: '' }, { kind: 'basic', username: 'me', password: '1' }],
    ['registry.example.org', { ...auth('me:1'), username: null }, { kind: 'basic', username: 'me', password: '1' }],
    ['registry.example.org', {}, { kind: 'anonymous' }],
  ])('are read as %s has them: %j', async (key, entry, credentials) => {
    expect(await find({ auths: { [key]: entry } }, 'app')).toEqual(credentials);
  });

  it('are looked for without a helper that is not installed, of which the log warns once', async () => {
    const config = { credsStore: 'that-nobody-has', auths: { 'registry.example.org': auth('me:1') } };
    const warn = vi.fn();
    const files = [await fileWith(config)];
    const deps = { clock, log: { warn } };
    const credentials = createDockerCredentials(deps, { host: 'registry.example.org', files, helperTtlMs: 0 });
    for (const image of ['app', 'other']) expect(await credentials.find(image)).toMatchObject({ username: 'me' });
    expect(warn).toHaveBeenCalledExactlyOnceWith({ file: files[0], helper: 'that-nobody-has' }, expect.any(String));
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
    const credentials = createDockerCredentials({ clock }, { host: 'r', files });
    expect(await credentials.find('app')).toMatchObject({ username: 'a' });
    await fileWith({ auths: { r: auth('b:1') } }, 'first');
    // A file isn't looked at for each request.
    expect(await credentials.find('app')).toMatchObject({ username: 'a' });
    clock.pass(1000);
    expect(await credentials.find('app')).toMatchObject({ username: 'b' });
    clock.pass(1000);
    await writeFile(join(folder, 'first'), '{"auths":');
    expect(await credentials.find('app')).toMatchObject({ username: 'b' });
  });

  it('come from a helper, which is not asked each time', async () => {
    const asked: string[] = [];
    const kept: HelperCredentials = { username: '<token>', secret: 't' };
    const get = (server: string) => {
      asked.push(server);
      return Promise.resolve(server === 'r' ? kept : undefined);
    };
    const helperOf = () => ({ get, store: () => Promise.resolve(), erase: () => Promise.resolve() });
    const files = [await fileWith({ credHelpers: { r: 'safe' } })];
    const credentials = createDockerCredentials({ clock, helperOf }, { host: 'r', files });
    const found = await Promise.all(['app', 'team/app', 'x'].map((image) => credentials.find(image)));
    expect(found).toEqual(Array(3).fill({ kind: 'identity', username: '<token>', token: 't' }));
    expect(asked).toEqual(['r']);
    clock.pass(60_000);
    await credentials.find('app');
    expect(asked).toEqual(['r', 'r']);
  });

  it('that cannot be understood are a fault that quotes nothing of them', async () => {
    const file = join(folder, 'config.json');
    await writeFile(file, '{"auths":{"r":{"auth":"c2VjcmV0"');
    const found = createDockerCredentials({ clock }, { host: 'r', files: [file] }).find('app');
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

describe('where several places have credentials', () => {
  const script = (answers: Record<string, object>) =>
    `#!/bin/sh\nread -r server || [ -n "$server" ]\necho "$(basename "$0") $server" >> "${folder}/asked"\ncase "$server" in\n${Object.entries(
      answers,
    )
      .map(([server, answer]) => `'${server}') echo '${JSON.stringify(answer)}';;`)
      .join('\n')}\n*) echo 'credentials not found in native keychain'; exit 1;;\nesac\n`;
  const withHelpers = async (helpers: Record<string, Record<string, object>>) => {
    for (const [name, answers] of Object.entries(helpers)) {
      await writeFile(join(folder, `docker-credential-${name}`), script(answers), { mode: 0o755 });
    }
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  };
  const kept = (user: string) => ({ ServerURL: 'x', Username: user, Secret: 's' });
  afterEach(() => vi.unstubAllEnvs());

  it("a host's own helper comes first, then the longest name, then the helper for all, then the host's entry", async () => {
    await withHelpers({ own: { 'own.example': kept('own') }, all: { 'all.example': kept('all') } });
    const auths = {
      'own.example/team': auth('t:1'),
      'all.example/team': auth('t:1'),
      'all.example': auth('h:1'),
      r: auth('h:1'),
    };
    const config = { auths, credsStore: 'all', credHelpers: { 'own.example': 'own', r: 'own' } };
    expect(await find(config, 'team/app', 'own.example')).toMatchObject({ username: 'own' });
    expect(await find(config, 'team/app', 'all.example')).toMatchObject({ username: 't' });
    expect(await find(config, 'other', 'all.example')).toMatchObject({ username: 'all' });
    expect(await find(config, 'other', 'r')).toMatchObject({ username: 'h' });
  });

  it('helpers are asked about hosts, one of which has three names', async () => {
    await withHelpers({ all: { 'https://index.docker.io/v1/': kept('hub') } });
    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      expect(await find({ auths: { [host]: {} }, credsStore: 'all' }, 'team/app', host)).toMatchObject({
        username: 'hub',
      });
      expect(await find({ auths: { 'https://index.docker.io/v1/': auth('f:1') } }, 'a/b', host)).toMatchObject({
        username: 'f',
      });
      expect(await find({ auths: { 'docker.io/team': auth('g:1') } }, 'team/b', host)).toMatchObject({ username: 'g' });
    }
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(
      'docker-credential-all https://index.docker.io/v1/\n'.repeat(3),
    );
  });

  it('a folder is the pull secret that is mounted there, as it changes', async () => {
    const file = await fileWith({ auths: { r: auth('a:1') } }, '.dockerconfigjson');
    const credentials = createDockerCredentials({ clock }, { host: 'r', files: [folder] });
    expect(await credentials.find('app')).toMatchObject({ username: 'a' });
    // Kubernetes puts a new folder behind a link.
    await rm(file);
    await fileWith({ auths: { r: auth('bb:1') } }, 'next');
    await symlink(join(folder, 'next'), file);
    clock.pass(1000);
    expect(await credentials.find('app')).toMatchObject({ username: 'bb' });
  });

  it("Docker's oldest form has nothing but logins", async () => {
    const file = await fileWith({ 'https://r/v1/': { ...auth('old:1'), email: 'me@example.org' } }, '.dockercfg');
    expect(await createDockerCredentials({ clock }, { host: 'r', files: [file] }).find('a')).toMatchObject({
      username: 'old',
    });
  });

  it('a helper that has nothing to say is no helper', async () => {
    await withHelpers({ all: { r: { ServerURL: 'r', Username: '', Secret: '' } } });
    expect(await find({ credsStore: 'all' }, 'a', 'r')).toEqual({ kind: 'anonymous' });
    expect(await find({ credsStore: '', auths: { r: auth('x:1') } }, 'a', 'r')).toMatchObject({ username: 'x' });
  });
});
