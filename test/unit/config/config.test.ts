import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatConfig, readConfig } from '../../../src/config/config.ts';
import { usualFields } from '../../../src/config/given.ts';
import { environmentName, settings, type GivenSettings } from '../../../src/config/settings.ts';

const faultsOf = (flags: GivenSettings, environment: Record<string, string> = {}): string => {
  try {
    readConfig(flags, environment);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return (error as Error).message;
  }
};

describe('the address', () => {
  it('is of this machine alone on the embedded store, and of all with a backend', () => {
    expect(readConfig({}, {}).listen).toEqual({ host: '127.0.0.1', port: 9887 });
    expect(readConfig({ backend: 'registry:5000' }, {}).listen).toEqual({ host: undefined, port: 9887 });
  });

  it.each([
    [':80', { host: undefined, port: 80 }],
    ['[::1]:9887', { host: '::1', port: 9887 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
  ])('is read from %s', (addr, listen) => {
    expect(readConfig({ addr, backend: 'r' }, {}).listen).toEqual(listen);
  });

  it.each(['9887', 'a:b', ':99999', '::1:80', 'http://x:1'])('is refused as %s', (addr) => {
    expect(faultsOf({ addr, backend: 'r' })).toContain('--addr');
  });
});

describe('an embedded store that others can reach', () => {
  it.each([':9887', '0.0.0.0:9887', '192.0.2.1:80', '[::]:9887'])('does not start open on %s', (addr) => {
    expect(faultsOf({ addr })).toContain('--htpasswd or --insecure-open');
    expect(faultsOf({ addr, htpasswd: 'users' })).toBe('');
    expect(faultsOf({ addr, 'insecure-open': true })).toBe('');
    expect(faultsOf({ addr, htpasswd: 'users', 'htpasswd-writers': ['me'] })).toBe('');
    expect(faultsOf({ 'htpasswd-writers': ['me'] })).toContain('--htpasswd-writers needs --htpasswd');
    expect(faultsOf({ 'public-read': true })).toContain('--public-read needs --htpasswd');
    expect(faultsOf({ addr, htpasswd: 'users', 'public-read': true })).toBe('');
  });
});

describe("the gateway's own credentials", () => {
  const own = (mode: true | string, more: GivenSettings = {}) => ({
    backend: 'r',
    'anonymous-as-gateway': mode,
    ...more,
  });

  it('are lent for reading where no more is said', () => {
    expect(readConfig(own(true), {}).http.anonymousAsGateway).toBe('read');
  });

  it('are lent for writing to this machine, or where that is said twice', () => {
    expect(faultsOf(own('write'))).toContain('--insecure-open');
    expect(faultsOf(own('write', { addr: '127.0.0.1:0' }))).toBe('');
    expect(faultsOf(own('write', { 'insecure-open': true }))).toBe('');
    expect(faultsOf({ 'anonymous-as-gateway': true })).toContain('--backend');
  });
});

describe('settings', () => {
  it('come from the environment, and flags go first', () => {
    const environment = {
      ARTIFACT_REGISTRY_BACKEND: 'from-env',
      ARTIFACT_REGISTRY_NO_HTTPS: 'true',
      ARTIFACT_REGISTRY_INSECURE: 'false',
      ARTIFACT_REGISTRY_SIGNING_KEY: 'a.rsa, b.rsa',
      ARTIFACT_REGISTRY_FRESHNESS: '',
      HTTPS_PROXY: 'http://proxy:3128',
    };
    const config = readConfig({ backend: 'from-flag' }, environment);
    expect(config.store).toEqual({
      kind: 'registry',
      host: 'from-flag',
      isPlainHttp: true,
      isInsecure: false,
      caFile: undefined,
      proxies: { httpProxy: '', httpsProxy: 'http://proxy:3128', noProxy: ',localhost,127.0.0.1,[::1]' },
      authFiles: [
        `/run/containers/${process.getuid?.()}/auth.json`,
        expect.stringMatching(/\.config\/containers\/auth\.json$/),
        expect.stringMatching(/\.docker\/config\.json$/),
        expect.stringMatching(/\.docker\/\.dockerconfigjson$/),
        expect.stringMatching(/\/\.dockercfg$/),
      ],
    });
    expect(config.signing.keyFiles).toEqual(['a.rsa', 'b.rsa']);
    expect(config.repository.freshnessMs).toBe(0);
  });

  it('find the files of credentials where container tools do', () => {
    const filesWith = (environment: Record<string, string>, flags: GivenSettings = {}) => {
      const { store } = readConfig({ backend: 'r', ...flags }, environment);
      return store.kind === 'registry' ? store.authFiles : [];
    };
    const environment = { XDG_RUNTIME_DIR: '/run/user/1', XDG_CONFIG_HOME: '/x', DOCKER_CONFIG: '/d' };
    expect(filesWith(environment)).toEqual([
      '/run/user/1/containers/auth.json',
      '/x/containers/auth.json',
      '/d/config.json',
      '/d/.dockerconfigjson',
      expect.stringMatching(/\/\.dockercfg$/),
    ]);
    expect(filesWith({ ...environment, REGISTRY_AUTH_FILE: '/a.json' })).toEqual(['/a.json']);
    expect(filesWith({ REGISTRY_AUTH_FILE: '/a.json' }, { 'registry-auth-file': '/b.json' })).toEqual(['/b.json']);
  });

  it('each have a field of their own, and its default is what its row says', () => {
    const fields = settings().flatMap(({ field }) => (field === '' ? [] : [field]));
    expect(new Set(fields).size).toBe(fields.length);
    expect(usualFields.http).toMatchObject({ maxPackageBytes: 4 * 2 ** 30, maxUploads: 32, isUiEnabled: true });
    expect(usualFields.repository).toMatchObject({ freshnessMs: 0, staleMs: 600_000, keepSupersededMs: 3_600_000 });
    expect(usualFields.trust).toEqual({ policyFile: undefined, requiredKeys: [], knownKeys: [] });
  });

  it.each([
    ['256MiB', {}, { maxUploads: 8, maxIndexBytes: 2 ** 25, maxCachedBytes: 2 ** 25 }],
    ['64MiB', {}, { maxUploads: 2, maxIndexBytes: 2 ** 23, maxCachedBytes: 2 ** 23 }],
    ['2GiB', {}, { maxUploads: 32, maxIndexBytes: 2 ** 27, maxCachedBytes: 2 ** 26 }],
    ['2GiB', { 'max-uploads': '99' }, { maxUploads: 99 }],
    ['2GiB', { 'max-uploads': '1', 'package-cache': '0' }, { maxUploads: 1, maxCachedBytes: 0 }],
    ['1GiB', { workers: '4' }, { maxUploads: 8, maxIndexBytes: 2 ** 25, maxCachedBytes: 2 ** 25 }],
  ])('fit into the memory of %s with %o', (memory, given, wanted) => {
    const { http, repository } = readConfig({ memory, ...given }, {});
    expect({ ...http, ...repository }).toMatchObject(wanted);
  });

  it('for a whole upload are as for the largest package, unless given', () => {
    const mostOf = (given: GivenSettings) => readConfig(given, {}).http.maxUploadBytes;
    expect(mostOf({})).toBe(4 * 2 ** 30);
    expect(mostOf({ 'max-package-size': '1MiB' })).toBe(2 ** 20);
    expect(mostOf({ 'max-package-size': '1MiB', 'max-upload-size': '10MiB' })).toBe(10 * 2 ** 20);
  });

  it('each have a name of their own in the environment', () => {
    const names = settings().map(({ name }) => environmentName(name));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('ARTIFACT_REGISTRY_AES_KEY');
  });

  it.each([
    ['500ms', 500],
    ['2', 2000],
    ['10m', 600_000],
    ['0s', 0],
  ])('a duration of %s', (text, ms) => {
    expect(readConfig({ freshness: text }, {}).repository.freshnessMs).toBe(ms);
  });

  it.each([
    ['4GiB', 2 ** 32],
    ['100MB', 1e8],
    ['1000', 1000],
    ['64mib', 2 ** 26],
  ])('a size of %s', (text, bytes) => {
    expect(readConfig({ 'max-package-size': text }, {}).http.maxPackageBytes).toBe(bytes);
  });

  it('workers are one, as many as are said, or one a core', () => {
    expect(readConfig({}, {}).workers).toBe(1);
    expect(readConfig({}, { ARTIFACT_REGISTRY_WORKERS: '4' }).workers).toBe(4);
    expect(readConfig({ workers: 'auto' }, {}).workers).toBe(Math.min(availableParallelism(), 64));
    for (const workers of ['0', '65', '1.5', '-1', 'all']) expect(faultsOf({ workers })).toContain('--workers');
  });

  it('are refused all at once, each fault by its name', () => {
    const faults = faultsOf(
      { image: 'Not/An/Image', backend: 'https://x', freshness: 'soon', 'max-uploads': '0' },
      { ARTIFACT_REGISTRY_INSECURE: 'maybe', ARTIFACT_REGISTRY_LOG_LEVEL: 'loud' },
    );
    for (const name of ['IMAGE', '--backend', '--freshness', '--max-uploads', '--insecure', '--log-level']) {
      expect(faults).toContain(name);
    }
  });

  it.each<[string, GivenSettings]>([
    ['--tls-cert', { 'tls-cert': 'a' }],
    ['--htpasswd', { backend: 'r', htpasswd: 'f' }],
    ['--key-passphrase-file', { 'key-passphrase-file': '/none' }],
    ['--aes-key', { 'aes-key': 'too short' }],
    ['--default-branch', { 'default-branch': 'push' }],
  ])('that make no sense are refused: %s', (name, flags) => {
    expect(faultsOf(flags)).toContain(name);
  });
});

describe('secrets', () => {
  const hex = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
  const base64 = Buffer.from(hex, 'hex').toString('base64');

  it('an AES key is read as hex, base64, or from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    const file = join(folder, 'key');
    writeFileSync(file, `${base64}\n`);
    for (const given of [hex, base64, base64.replace('=', ''), file]) {
      expect(Buffer.from(readConfig({ 'aes-key': given }, {}).signing.aesKey!).toString('hex')).toBe(hex);
    }
    rmSync(folder, { recursive: true });
  });

  it('an AES key of 32 characters is taken as another lkard took it, a path of that length that leads nowhere is not', () => {
    const raw = 'K7#x!/aB$c%d^e&f*g(h)i_j+k=l-m?n';
    expect(Buffer.from(readConfig({ 'aes-key': raw }, {}).signing.aesKey!).toString()).toBe(raw);
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    writeFileSync(join(folder, 'key'), `${raw}\n`);
    expect(Buffer.from(readConfig({ 'aes-key': join(folder, 'key') }, {}).signing.aesKey!).toString()).toBe(raw);
    rmSync(folder, { recursive: true });
    for (const path of ['/run/secrets/no-such-lkard-key11', './secrets/no-such-lkard-aeskey-2']) {
      expect([path.length, faultsOf({ 'aes-key': path })]).toEqual([32, expect.stringContaining('--aes-key')]);
    }
  });

  it('are not printed', () => {
    const config = readConfig({ 'aes-key': hex, 'key-passphrase': 'quite secret' }, {});
    const printed = formatConfig(config);
    expect(printed).not.toContain('quite secret');
    expect(printed).not.toMatch(/0,\s*17,\s*34/);
    expect(printed.match(/\(hidden\)/g)).toHaveLength(2);
  });
});

it('a configuration cannot be changed afterwards', () => {
  const config = readConfig({}, {});
  expect(() => Object.assign(config.http, { hasPublicKeys: true })).toThrow(TypeError);
});
