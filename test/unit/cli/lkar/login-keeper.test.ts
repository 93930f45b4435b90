import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoginKeeper } from '../../../../src/cli/lkar/login/login-keeper.ts';
import type { CredentialHelper, HelperCredentials } from '../../../../src/credentials/credential-helper.ts';

const login = { username: 'me', password: 'se:cret' };
let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'docker-config-')), 'docker');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const configure = async (config: object) => {
  await createLoginKeeper({ folder }).keep('any', login);
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
};

describe("Docker's config.json", () => {
  it('keeps a login readable to its owner alone, and what else stands there', async () => {
    await configure({ HttpHeaders: { a: 'b' }, auths: { other: { auth: 'eDp5', email: 'x@example.org' } } });
    const { isPlain } = await createLoginKeeper({ folder }).keep('apk.example.org/team/app', login);
    expect(isPlain).toBe(true);
    const file = join(folder, 'config.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      HttpHeaders: { a: 'b' },
      auths: { other: { auth: 'eDp5', email: 'x@example.org' }, 'apk.example.org/team/app': {} },
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('gives the login of the longest name', async () => {
    const keeper = createLoginKeeper({ folder });
    expect(await keeper.find('apk.example.org/team/app')).toBeUndefined();
    await keeper.keep('apk.example.org', { username: 'all', password: 'x' });
    await keeper.keep('apk.example.org/team', login);
    expect(await keeper.find('apk.example.org/team/app')).toEqual(login);
    expect(await keeper.find('apk.example.org/other')).toEqual({ username: 'all', password: 'x' });
    expect(await keeper.find('apk.example.org:8443')).toBeUndefined();
  });

  it('forgets a login, and says whether there was one', async () => {
    const keeper = createLoginKeeper({ folder });
    await keeper.keep('apk.example.org', login);
    expect(await keeper.forget('apk.example.org')).toBe(true);
    expect(await keeper.forget('apk.example.org')).toBe(false);
    expect(await keeper.find('apk.example.org')).toBeUndefined();
  });

  it.each([['no json'], ['[]'], ['{"auths":{"a":1}}']])('is refused as %s and left alone', async (text) => {
    await configure({});
    await writeFile(join(folder, 'config.json'), text);
    const keeper = createLoginKeeper({ folder });
    await expect(keeper.keep('apk.example.org', login)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(text);
  });
});

describe('a credential helper', () => {
  const aHelper = () => {
    const kept = new Map<string, HelperCredentials>();
    const helper: CredentialHelper = {
      get: (server) => Promise.resolve(kept.get(server)),
      store: (server, given) => Promise.resolve(void kept.set(server, given)),
      erase: (server) => Promise.resolve(void kept.delete(server)),
    };
    return { kept, helperOf: () => helper };
  };

  it('keeps the login instead of the file where there is one for the registry, or for all', async () => {
    for (const config of [{ credHelpers: { 'apk.example.org': 'safe' } }, { credsStore: 'safe' }]) {
      await configure(config);
      const { kept, helperOf } = aHelper();
      const keeper = createLoginKeeper({ folder, helperOf });
      const { place, isPlain } = await keeper.keep('apk.example.org/app', login);
      expect([place, isPlain]).toEqual(['docker-credential-safe', false]);
      expect([...kept.keys()]).toEqual(['apk.example.org/app']);
      expect(await readFile(join(folder, 'config.json'), 'utf8')).not.toContain('auth');
      expect(await keeper.find('apk.example.org/app')).toEqual(login);
      expect(await keeper.forget('apk.example.org/app')).toBe(true);
      expect(kept.size).toBe(0);
    }
  });

  it('that is not installed is warned of, once, with the file that names it, and done without', async () => {
    await configure({ credsStore: 'that-nobody-has', auths: { 'apk.example.org': { auth: 'bWU6eA==' } } });
    const said: string[] = [];
    const keeper = createLoginKeeper({ folder, warn: (line) => said.push(line) });
    expect(await keeper.find('other.example.org/team/app')).toBeUndefined();
    expect(await keeper.find('apk.example.org')).toEqual({ username: 'me', password: 'x' });
    expect(await keeper.keep('b.example.org', login)).toEqual({ place: join(folder, 'config.json'), isPlain: true });
    expect(await keeper.forget('b.example.org')).toBe(true);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(join(folder, 'config.json'));
    expect(said[0]).toContain('docker-credential-that-nobody-has');
  });
});
