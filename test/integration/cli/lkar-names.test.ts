import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startLocalServer } from '../../support/local-server.ts';
import { useLkar } from '../../support/lkar-world.ts';
import { startLkard } from '../../support/programs.ts';
import { findOnPath, htpasswdOf } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const world = useLkar();
const { lkar, lkarWith, aFile } = world;
const push = (...files: string[]) => lkar('push', world.at, 'edge', 'main', ...files);

describe('a misspelt name is never success', () => {
  it.each([
    ['ls', (host: string) => ['ls', `${host}/no/such`]],
    ['ls of a branch', (host: string) => ['ls', `${host}/${world.image}`, 'egde']],
    ['ls of a repository', (host: string) => ['ls', `${host}/${world.image}`, 'edge', 'mian']],
    ['log', (host: string) => ['log', `${host}/${world.image}`, 'edge', 'mian']],
    ['snapshot list', (host: string) => ['snapshot', 'list', `${host}/${world.image}`, 'edge', 'mian']],
    ['repositories', (host: string) => ['repositories', `${host}/no/such`]],
    ['images', (host: string) => ['images', `${host}/no-such-team`]],
    ['pull', (host: string) => ['pull', `${host}/${world.image}`, 'edge/main/x86_64/no-1.apk']],
    ['rm', (host: string) => ['rm', `${host}/${world.image}`, 'edge/main/x86_64/no-1.apk']],
    ['logout', (host: string) => ['logout', host]],
  ])('%s', async (_, argsFor) => {
    await push(await aFile({ name: 'one', version: '1.0-r0' }));
    expect(await lkar(...argsFor(world.gateway.host))).toMatchObject({ exitCode: 4, stdout: '' });
  });

  it('but a repository whose packages are all gone is still one', async () => {
    await push(await aFile({ name: 'one', version: '1.0-r0' }));
    await lkar('rm', world.at, 'edge/main/x86_64/one-1.0-r0.apk');
    expect(await lkar('ls', world.at, '-o', 'json')).toMatchObject({ exitCode: 0, stdout: '[]\n' });
  });
});

it('an address from the browser will do', async () => {
  const repository = `${world.gateway.url}/apk/${world.image}/edge/main`;
  const file = await aFile({ name: 'one', version: '1.0-r0' });
  expect(await lkar('push', `${repository}/push`, file)).toMatchObject({ exitCode: 0 });
  expect((await lkar('ls', `${repository}?arch=x86_64&q=`)).stdout).toContain('one-1.0-r0.apk');
  expect((await lkar('repositories', `${world.gateway.url}/_images/${world.image}`)).stdout).toContain('edge/main');
  const page = `${repository}?arch=x86_64&package=one&version=1.0-r0`;
  const output = path.join(world.folder, 'pulled.apk');
  expect(await lkar('pull', page, '-o', output)).toMatchObject({ exitCode: 0 });
  expect(await readFile(output)).toEqual(await readFile(path.join(world.folder, file)));
  expect(await lkar('rm', `${repository}/x86_64/one-1.0-r0.apk`)).toMatchObject({ exitCode: 0 });
});

describe('lkar push', () => {
  it('names every file that is no good package, before it sends anything', async () => {
    const good = await aFile({ name: 'good', version: '1.0-r0' });
    const twin = await aFile({ name: 'good', version: '1.0-r0', description: 'other bytes' }, 'twin.apk');
    await writeFile(path.join(world.folder, 'bad.apk'), 'no package');
    const asked: unknown[] = [];
    const nobody = await startLocalServer((request, answer) => {
      asked.push(request.url);
      answer.end();
    });
    onTestFinished(() => nobody.stop());
    const files = ['bad.apk', good, 'none.apk', twin];
    const pushed = await lkar('push', `${nobody.host}/${world.image}`, 'edge', 'main', ...files);
    expect(pushed.exitCode).toBe(1);
    for (const name of ['bad.apk', 'none.apk', 'twin.apk'])
      expect(pushed.stderr).toMatch(new RegExp(`^error: ${name}: `, 'm'));
    expect(pushed.stderr).toContain('3 of 4 files');
    expect(asked).toEqual([]);
  });

  it('takes paths from a file and from standard input', async () => {
    const one = await aFile({ name: 'one', version: '1.0-r0' });
    const two = await aFile({ name: 'two', version: '1.0-r0' });
    await writeFile(path.join(world.folder, 'list'), `${one}\r\n\n`);
    const pushed = await lkarWith({ input: `${two}\n` }, 'push', world.at, 'edge', 'main', '--from-file', '-');
    expect(pushed.stdout).toBe('published edge/main/x86_64/two-1.0-r0.apk\n');
    expect((await push('--from-file', 'list')).stdout).toBe('published edge/main/x86_64/one-1.0-r0.apk\n');
    expect((await push('--from-file', 'no-such-list')).exitCode).toBe(2);
    expect((await push()).exitCode).toBe(2);
  });

  it('counts more files than one push takes before it sends, and sends them as several where told so', async () => {
    const file = await aFile({ name: 'one', version: '1.0-r0' });
    const many = Array.from({ length: 1001 }, () => file);
    const refused = await push(...many);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('--batches');
    expect(await push('--batches', ...many)).toMatchObject({ exitCode: 0 });
  });
});

it('lkar rm goes on behind a file that is not there, and reports it', async () => {
  await push(await aFile({ name: 'a', version: '1' }), await aFile({ name: 'b', version: '1' }));
  const paths = ['a-1', 'missing-1', 'b-1'].map((name) => `edge/main/x86_64/${name}.apk`);
  const removed = await lkar('rm', world.at, ...paths);
  expect(removed.exitCode).toBe(4);
  expect(removed.stdout).toBe(`removed ${paths[0]}\nremoved ${paths[2]}\n`);
  expect(removed.stderr).toMatch(/^error: .*missing-1\.apk/m);
});

it('lkar ls orders by name, version and architecture, and filters', async () => {
  const specs = [
    { name: 'lib-b', version: '1.10-r0' },
    { name: 'lib-b', version: '1.9-r0' },
    { name: 'app', version: '1', arch: 'aarch64' },
    { name: 'app', version: '1', arch: 'x86_64' },
    { name: 'app', version: '1', arch: 'armv7' },
  ];
  await push(...(await Promise.all(specs.map((spec, index) => aFile(spec, `ls-${index}.apk`)))));
  const list = async (...more: string[]) =>
    (JSON.parse((await lkar('ls', world.at, '-o', 'json', ...more)).stdout) as { filePath: string }[]).map(
      ({ filePath }) => filePath.replace('edge/main/', ''),
    );
  const libraries = ['x86_64/lib-b-1.9-r0.apk', 'x86_64/lib-b-1.10-r0.apk'];
  expect(await list()).toEqual(['x86_64/app-1.apk', 'aarch64/app-1.apk', 'armv7/app-1.apk', ...libraries]);
  expect(await list('--name', 'lib*')).toEqual(libraries);
  expect(await list('--name', 'app', '--arch', 'armv7')).toEqual(['armv7/app-1.apk']);
});

it('a wrong password is called one', async () => {
  const users = path.join(world.folder, 'users');
  await writeFile(users, await htpasswdOf({ me: 'secret' }));
  const guarded = await startLkard([
    ...['--data', path.join(world.folder, 'guarded'), '--htpasswd', users],
    ...['--signing-key', keyFixture('test-only-2048.rsa')],
  ]);
  onTestFinished(async () => {
    await guarded.stop();
  });
  const login = await lkarWith({ input: 'wrong\n' }, 'login', guarded.host, '-u', 'me', '--password-stdin');
  expect([login.exitCode, login.stdout]).toEqual([3, '']);
  expect(login.stderr).toContain('wrong user or password');
});

describe('lkar pull', () => {
  const content = Buffer.from(Array.from({ length: 400_000 }, (_, at) => at % 251));

  it('takes up where the connection broke', async () => {
    const ranges: unknown[] = [];
    const server = await startLocalServer((asked, answer) => {
      const { range, 'if-range': ifRange } = asked.headers;
      ranges.push([range, ifRange]);
      const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      const head = { etag: '"one"', 'content-length': content.length - from };
      answer.writeHead(from === 0 ? 200 : 206, head);
      if (from > 200_000) answer.end(content.subarray(from));
      else answer.write(content.subarray(from, from + 150_000), () => setTimeout(() => asked.socket.destroy(), 50));
    });
    onTestFinished(() => server.stop());
    const output = path.join(world.folder, `resumed-${path.basename(world.image)}.apk`);
    const pulled = await lkar('pull', `${server.host}/app`, 'edge/main/x86_64/a-1.apk', '-o', output);
    expect(pulled).toMatchObject({ exitCode: 0 });
    expect((await readFile(output)).equals(content)).toBe(true);
    expect(ranges).toHaveLength(3);
    expect(ranges[1]).toEqual([expect.stringMatching(/^bytes=\d{5,}-$/), '"one"']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind at %s', async (signal) => {
    const server = await startLocalServer((_, answer) => {
      answer.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 100_000));
    });
    onTestFinished(() => server.stop());
    const into = await makeTempDir();
    onTestFinished(() => into.remove());
    const lkarFile = path.join(import.meta.dirname, '..', '..', '..', 'bin', 'lkar.js');
    const args = [lkarFile, 'pull', `${server.host}/app`, 'edge/main/x86_64/a-1.apk'];
    const pulling = spawn(process.execPath, args, { cwd: into.path });
    while ((await readdir(into.path)).length === 0) await once(pulling.stderr, 'data');
    pulling.kill(signal);
    expect(await once(pulling, 'close')).toEqual([null, signal]);
    expect(await readdir(into.path)).toEqual([]);
  });
});

it.skipIf(process.getuid?.() !== 0 || findOnPath('apk') !== undefined)(
  'lkar setup leaves a system without apk alone',
  async () => {
    await push(await aFile({ name: 'one', version: '1.0-r0' }));
    const setUp = await lkar('setup', world.at, 'edge', 'main');
    expect([setUp.exitCode, setUp.stdout]).toEqual([2, '']);
    expect(setUp.stderr).toContain('--root');
  },
);
