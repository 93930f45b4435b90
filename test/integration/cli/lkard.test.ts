import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { startLocalServer } from '../../support/local-server.ts';
import { buildPrograms, runBin, startLkard } from '../../support/programs.ts';
import { htpasswdOf, registryProgram, startRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
beforeAll(() => buildPrograms(), 120_000);
beforeEach(async () => {
  folder = await makeTempDir();
});
afterEach(() => folder.remove());

const key = ['--signing-key', keyFixture('test-only-2048.rsa')];
const dataIn = (name: string) => ['--data', path.join(folder.path, name)];

const pushTo = async (target: string, env: Readonly<Record<string, string>> = {}) => {
  const file = path.join(folder.path, 'one.apk');
  await writeFile(file, anApk({ name: 'one', version: '1.0-r0' }));
  return (await runBin('lkar', ['push', target, 'edge', 'main', file], { env })).exitCode;
};

describe('lkard', () => {
  it('says where it serves and what to paste, and ends well when told to', async () => {
    const lkard = await startLkard([...dataIn('data'), ...key]);
    expect(lkard.output()).toContain(`curl --upload-file hello-1.0-r0.apk ${lkard.url}/apk/team/app/edge/main/push`);
    expect(await (await fetch(`${lkard.url}/readyz`)).text()).toContain('ready');
    expect(await lkard.stop()).toBe(0);
  });

  it('ends when told to after it has checked a password', async () => {
    const users = path.join(folder.path, 'users');
    await writeFile(users, await htpasswdOf({ me: 'secret' }));
    const lkard = await startLkard([...dataIn('data'), ...key, '--htpasswd', users]);
    const headers = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` };
    expect((await fetch(`${lkard.url}/_auth/login`, { headers })).status).toBe(200);
    expect(await lkard.stop()).toBe(0);
  });

  it('takes what it is told from the environment, and prints it without secrets', async () => {
    const printed = await runBin('lkard', ['--print-config'], {
      env: { ARTIFACT_REGISTRY_BACKEND: 'registry:5000', ARTIFACT_REGISTRY_KEY_PASSPHRASE: 'quite secret' },
    });
    expect(printed.exitCode).toBe(0);
    expect(JSON.parse(printed.stdout)).toMatchObject({ store: { host: 'registry:5000' }, listen: { port: 9887 } });
    expect(printed.stdout).not.toContain('quite secret');
  });

  it.each([
    ['an open store that others can reach', ['--addr', '0.0.0.0:0']],
    ['an unknown flag', ['--no-such-flag']],
    ['a key that is none', ['--signing-key', '/dev/null']],
    ['users that are not there', ['--htpasswd', '/no/such/file']],
    ['a certificate that is not there', ['--tls-cert', '/no/such/file', '--tls-key', '/no/such/file']],
  ])('does not start with %s', async (_, args) => {
    const ended = await runBin('lkard', [...dataIn('data'), ...args], { cwd: folder.path });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/^error: /);
  });

  it('does not start where the address is taken', async () => {
    const first = await startLkard([...dataIn('data'), ...key]);
    const second = await runBin('lkard', [...dataIn('data'), ...key, '--addr', first.host]);
    expect(second.exitCode).toBe(2);
    await first.stop();
  });
});

describe.skipIf(registryProgram() === undefined)('two replicas before one registry', () => {
  it('share the key that one of them made, and a stranger to it is refused', async () => {
    const registry = await startRegistry();
    const behind = ['--backend', registry.host, '--no-https'];
    const aesKey = path.join(folder.path, 'first', 'aes-key');
    const first = await startLkard([...behind, ...dataIn('first')]);
    const second = await startLkard([...behind, '--aes-key', aesKey]);
    const stranger = await startLkard([...behind, ...dataIn('stranger')]);
    const push = async (host: string, name: string) => {
      const file = path.join(folder.path, `${name}.apk`);
      await writeFile(file, anApk({ name, version: '1.0-r0' }));
      return (await runBin('lkar', ['push', `${host}/team/app`, 'edge', 'main', file])).exitCode;
    };
    expect(await push(first.host, 'one')).toBe(0);
    expect(await push(second.host, 'two')).toBe(0);
    expect(await push(stranger.host, 'three')).toBe(1);
    const keyOf = async (url: string) => {
      const answer = await fetch(`${url}/apk/team/app/edge/main/key`);
      return [answer.headers.get('content-disposition'), await answer.text()];
    };
    expect(await keyOf(first.url)).toEqual(await keyOf(second.url));
    expect((await keyOf(first.url))[0]).toMatch(/^attachment; filename=team-app-[0-9a-f]{8}\.rsa\.pub$/);
    await Promise.all([first.stop(), second.stop(), stranger.stop()]);
    await registry.stop();
  }, 120_000);
});

describe.skipIf(registryProgram() === undefined)('before a registry that asks who one is', () => {
  const users = { me: 'secret' };
  it('the caller is who the registry says, and the gateway lends nothing', async () => {
    const registry = await startRegistry({ users });
    const lkard = await startLkard(['--backend', registry.host, '--no-https', ...key, ...dataIn('data')]);
    const env = { DOCKER_CONFIG: path.join(folder.path, 'docker') };
    expect(await pushTo(`${lkard.host}/team/app`, env)).toBe(3);
    const logIn = (password: string) =>
      runBin('lkar', ['login', `${lkard.host}/team/app`, '-u', 'me', '--password-stdin'], { env, input: password });
    expect((await logIn('wrong')).exitCode).toBe(3);
    expect((await logIn('secret')).exitCode).toBe(0);
    expect(await pushTo(`${lkard.host}/team/app`, env)).toBe(0);
    expect(await pushTo(`${lkard.host}/team/other`, env)).toBe(3);
    await lkard.stop();
    await registry.stop();
  }, 120_000);

  it("a sidecar's callers need no credentials where it lends its own", async () => {
    const registry = await startRegistry({ users });
    const authFile = path.join(folder.path, 'pull-secret');
    await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { username: 'me', password: 'secret' } } }));
    const behind = ['--backend', registry.host, '--no-https', ...key, ...dataIn('data')];
    const env = { REGISTRY_AUTH_FILE: authFile };
    const reader = await startLkard([...behind, '--anonymous-as-gateway'], { env });
    const writer = await startLkard([...behind, '--anonymous-as-gateway=write'], { env });
    const nobody = { DOCKER_CONFIG: path.join(folder.path, 'nobody') };
    expect(await pushTo(`${reader.host}/team/app`, nobody)).toBe(3);
    expect(await pushTo(`${writer.host}/team/app`, nobody)).toBe(0);
    const listed = await runBin('lkar', ['ls', `${reader.host}/team/app`, '-o', 'json'], { env: nobody });
    expect(JSON.parse(listed.stdout)).toHaveLength(1);
    await Promise.all([reader.stop(), writer.stop()]);
    await registry.stop();
  }, 120_000);
});

describe('over TLS', () => {
  it('lkar trusts the authority it is given, and no other unless told to', async () => {
    const { certificate: certFile, key: keyFile } = (await makeCertificate(folder.path)).files;
    const lkard = await startLkard([...dataIn('data'), ...key, '--tls-cert', certFile, '--tls-key', keyFile]);
    expect(lkard.url).toMatch(/^https:/);
    const list = (...options: string[]) => runBin('lkar', ['images', lkard.url, '-o', 'json', ...options]);
    expect((await list()).exitCode).toBe(6);
    expect(await list('--ca-file', certFile)).toMatchObject({ exitCode: 0, stdout: '[]\n' });
    expect((await list('-k')).exitCode).toBe(0);
    const env = { SSL_CERT_FILE: certFile };
    expect((await runBin('lkar', ['images', lkard.url], { env })).exitCode).toBe(0);
    await lkard.stop();
  });

  it('the gateway trusts the authorities of SSL_CERT_FILE where its registry is concerned', async () => {
    const { files } = await makeCertificate(folder.path);
    const registry = await startRegistry({ tls: files });
    const behind = ['--backend', registry.host, ...key];
    const trusting = await startLkard([...behind, ...dataIn('data')], { env: { SSL_CERT_FILE: files.certificate } });
    const doubting = await startLkard([...behind, ...dataIn('other')]);
    expect(await pushTo(`${trusting.host}/team/app`)).toBe(0);
    const refused = await fetch(`${doubting.url}/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz`);
    expect(refused.status).toBeGreaterThanOrEqual(500);
    await Promise.all([trusting.stop(), doubting.stop()]);
    await registry.stop();
  }, 60_000);
});

describe('lkard says what would help', () => {
  it('where the port is taken', async () => {
    const first = await startLkard([...dataIn('data'), ...key]);
    const second = await runBin('lkard', ['--addr', first.host, ...dataIn('other'), ...key]);
    await first.stop();
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain('--addr chooses another');
  });

  it.each(['/proc/nope', '/proc/nope/data'])('where %s can hold no data', async (data) => {
    const started = await runBin('lkard', ['--addr', '127.0.0.1:0', '--data', data]);
    expect(started).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`--data ${data}`) as string });
  });

  it('where the registry speaks plain HTTP', async () => {
    const registry = await startLocalServer((_, answer) => answer.end());
    const lkard = await startLkard(['--backend', registry.host, ...key]);
    const ready = await fetch(`${lkard.url}/readyz`);
    const said = (await ready.text()) + lkard.output();
    await Promise.all([lkard.stop(), registry.stop()]);
    expect([ready.status, said]).toEqual([503, expect.stringContaining('--no-https')]);
  });

  it('where it has made an AES key: what it says can be pasted', async () => {
    const registry = await startLocalServer((_, answer) => answer.writeHead(404).end());
    const first = await startLkard(['--backend', registry.host, '--no-https', ...dataIn('data')]);
    const [, file = ''] = /as --aes-key (\S+?)["\n]/.exec(first.output()) ?? [];
    const second = await startLkard(['--backend', registry.host, '--no-https', '--aes-key', file]);
    expect(second.output()).not.toContain('AES key of its own');
    await Promise.all([first.stop(), second.stop(), registry.stop()]);
  });
});
