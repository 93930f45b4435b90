import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import { startLocalServer } from '../../support/local-server.ts';
import { buildPrograms, runBin } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;

beforeAll(buildPrograms, 120_000);

const aServer = async (answer: RequestListener) => {
  const server = await startLocalServer(answer);
  onTestFinished(() => server.stop());
  return server;
};

const aPackage = (name: string) => ({
  ...{ name, version: '1.0-r0', size: 1000, branch: 'edge', repo: 'main' },
  filePath: `edge/main/x86_64/${name}-1.0-r0.apk`,
});

describe('whoever reads what lkar prints', () => {
  it('may stop before its end', async () => {
    const packages = Array.from({ length: 5000 }, (_, at) => aPackage(`package-${at}`));
    const { host } = await aServer((_, answer) => answer.end(JSON.stringify(packages)));
    const line = `set -o pipefail; '${process.execPath}' bin/lkar.js ls ${host}/app | head -n 2`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line], { cwd: root });
    expect([stdout.split('\n').length, stderr]).toEqual([3, '']);
  });

  it('may stop in the middle of a package', async () => {
    const { host } = await aServer((_, answer) => answer.end(Buffer.alloc(8_000_000, 'x')));
    const line = `set -o pipefail; '${process.execPath}' bin/lkar.js pull ${host}/app edge/main/x86_64/a-1.apk -o - | head -c 5`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line], { cwd: root });
    expect([stdout, stderr]).toEqual(['xxxxx', '']);
  });
});

describe('a redirect', () => {
  const pull = (host: string, ...more: string[]) =>
    runBin('lkar', [...more, 'pull', `${host}/app`, 'edge/main/x86_64/a-1.apk', '-o', '-'], {
      env: { DOCKER_CONFIG: path.join(root, 'no-such-folder') },
    });

  it('to a registry is followed, without the credentials', async () => {
    const seen: unknown[] = [];
    const store = await aServer((asked, answer) => {
      seen.push(asked.headers.authorization);
      answer.end('the package');
    });
    const { host } = await aServer((_, answer) => {
      answer
        .writeHead(307, { location: `${store.url}/blob?signature=x` })
        .end('<a href="x">over there</a>'.repeat(9999));
    });
    expect(await pull(host)).toMatchObject({ exitCode: 0, stdout: 'the package' });
    expect(seen).toEqual([undefined]);
  });

  it('that goes round and round ends', async () => {
    const { host } = await aServer((asked, answer) => {
      answer.writeHead(302, { location: asked.url ?? '/' }).end();
    });
    expect(await pull(host)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('redirects') as string });
  });

  it('from http to https of the same host keeps the login', async () => {
    const folder = await makeTempDir();
    onTestFinished(() => folder.remove());
    const { pem, files } = await makeCertificate(folder.path);
    const secure = createServer({ cert: pem, key: await readFile(files.key) }, (asked, answer) => {
      answer.writeHead(asked.headers.authorization === basic ? 200 : 401).end('the package');
    }).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    onTestFinished(() => void secure.close());
    const { port } = secure.address() as AddressInfo;
    const { host } = await aServer((asked, answer) => {
      answer.writeHead(301, { location: `https://127.0.0.1:${port}${asked.url ?? ''}` }).end();
    });
    const auth = { auth: basic.slice('Basic '.length) };
    await writeFile(path.join(folder.path, 'config.json'), JSON.stringify({ auths: { [host]: auth } }));
    const pulled = await pull(host, '-k', '--docker-config', folder.path);
    expect(pulled).toMatchObject({ exitCode: 0, stdout: 'the package' });
  });
});

it.skipIf(process.getuid?.() !== 0)('lkar and lkard speak to users that the system does not know', async () => {
  const wrapper = ['env', '-u', 'HOME', 'setpriv', '--reuid=54321', '--regid=54321', '--clear-groups'];
  for (const name of ['lkar', 'lkard'] as const) {
    expect(await runBin(name, ['--help'], { wrapper })).toMatchObject({ exitCode: 0, stderr: '' });
  }
  const printed = await runBin('lkard', ['--backend', 'r:5000', '--print-config'], { wrapper });
  expect(printed).toMatchObject({ exitCode: 0 });
});

it('nobody who listens at a port of this machine is said at once to who reads', async () => {
  const began = performance.now();
  const listed = await runBin('lkar', ['ls', '127.0.0.1:1/app']);
  expect([listed.exitCode, listed.stderr.includes('trying again')]).toEqual([6, false]);
  expect(performance.now() - began).toBeLessThan(15_000);
});

it('a credential helper that is not installed keeps nobody from an open gateway, nor waiting', async () => {
  const folder = await makeTempDir();
  onTestFinished(() => folder.remove());
  await writeFile(path.join(folder.path, 'config.json'), JSON.stringify({ credsStore: 'that-nobody-has' }));
  const packages = JSON.stringify([aPackage('a')]);
  const { host } = await aServer((_, answer) => answer.end(packages));
  const began = performance.now();
  const listed = await runBin('lkar', ['ls', `${host}/app`, '-o', 'json'], { env: { DOCKER_CONFIG: folder.path } });
  expect(listed.exitCode).toBe(0);
  expect(JSON.parse(listed.stdout)).toHaveLength(1);
  expect(listed.stderr).toContain('docker-credential-that-nobody-has');
  expect(performance.now() - began).toBeLessThan(15_000);
});
