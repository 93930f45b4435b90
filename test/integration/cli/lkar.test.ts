import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { aV3Apk } from '../../support/a-v3-apk.ts';
import { anApk, type ApkSpec } from '../../support/an-apk.ts';
import { buildPrograms, runBin, startLkard, type RunningLkard } from '../../support/programs.ts';
import { htpasswdOf } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let open: RunningLkard;
let guarded: RunningLkard;
let images = 0;
let image: string;

beforeAll(async () => {
  await buildPrograms();
  folder = await makeTempDir();
  const users = path.join(folder.path, 'users');
  await writeFile(users, await htpasswdOf({ me: 's3cret/@:#' }));
  const data = (name: string) => [
    '--data',
    path.join(folder.path, name),
    '--signing-key',
    keyFixture('test-only-2048.rsa'),
  ];
  open = await startLkard(data('open'));
  guarded = await startLkard([...data('guarded'), '--htpasswd', users]);
}, 120_000);
afterAll(async () => {
  await Promise.all([open.stop(), guarded.stop()]);
  await folder.remove();
});
beforeEach(() => {
  images += 1;
  image = `team/app${images}`;
});

const lkar = (...args: string[]) => lkarWith({}, ...args);
const lkarWith = (options: { input?: string; dockerConfig?: string }, ...args: string[]) =>
  runBin('lkar', args, {
    cwd: folder.path,
    ...(options.input !== undefined && { input: options.input }),
    env: { DOCKER_CONFIG: path.join(folder.path, options.dockerConfig ?? 'nobody') },
  });
const aFile = async (spec: ApkSpec) => {
  const content = anApk(spec);
  const file = path.join(folder.path, `${spec.name}-${images}-${content.length}.apk`);
  await writeFile(file, content);
  return file;
};
const at = () => `${open.host}/${image}`;

describe('lkar push', () => {
  it('publishes several files in one go, in plain lines where nobody looks', async () => {
    const files = [
      await aFile({ name: 'one', version: '1.0-r0' }),
      await aFile({ name: 'two', version: '1.0-r0', arch: 'noarch' }),
    ];
    const pushed = await lkar('push', at(), 'edge', 'main', ...files);
    expect(pushed).toMatchObject({ exitCode: 0 });
    expect(pushed.stdout).toBe(
      'published edge/main/x86_64/one-1.0-r0.apk\npublished edge/main/noarch/two-1.0-r0.apk\n',
    );
    expect(pushed.stderr).toMatch(
      /^uploading one-.*\(\d.*, 1 of 2\)\nuploading two-.*\nsent; the gateway is checking\n$/,
    );
    expect(pushed.stdout + pushed.stderr).not.toContain('\u001b');
  });

  it('says that bytes are there already, and that other bytes are a conflict', async () => {
    const file = await aFile({ name: 'one', version: '1.0-r0' });
    await lkar('push', at(), 'edge', 'main', file);
    const again = await lkar('apk', 'put', at(), 'edge', 'main', file);
    expect([again.exitCode, again.stdout]).toEqual([0, 'already there edge/main/x86_64/one-1.0-r0.apk\n']);
    const other = await aFile({ name: 'one', version: '1.0-r0', description: 'other bytes' });
    const conflict = await lkar('push', at(), 'edge', 'main', other);
    expect([conflict.exitCode, conflict.stdout]).toEqual([5, '']);
    expect(conflict.stderr).toContain('one-1.0-r0.apk');
  });

  it('publishes all or none', async () => {
    const good = await aFile({ name: 'good', version: '1.0-r0' });
    const bad = path.join(folder.path, 'bad.apk');
    await writeFile(bad, 'no package');
    const pushed = await lkar('push', at(), 'edge', 'main', good, bad);
    expect(pushed.exitCode).toBe(1);
    expect((await lkar('ls', at())).exitCode).toBe(4);
  });

  it('waits until another gateway serves it, and not for ever', async () => {
    const file = await aFile({ name: 'one', version: '1.0-r0' });
    const served = await lkar('push', at(), 'edge', 'main', file, '--wait', open.url);
    expect([served.exitCode, served.stdout]).toEqual([
      0,
      `published edge/main/x86_64/one-1.0-r0.apk\nserved by ${open.url}\n`,
    ]);
    const never = await lkar(
      'push',
      at(),
      'edge',
      'main',
      file,
      '--wait',
      `${open.host}/other/image`,
      '--wait-timeout',
      '1s',
    );
    expect(never.exitCode).toBe(6);
    expect(never.stderr).toContain('one-1.0-r0.apk');
  });
});

describe('lkar ls, pull and rm', () => {
  it('lists in three formats, of one branch or repository', async () => {
    await lkar('push', at(), 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
    await lkar('push', at(), 'v3.22', 'extra', await aFile({ name: 'two', version: '2.0-r0' }));
    const table = await lkar('ls', at());
    expect(table.stdout.split('\n')).toHaveLength(4);
    expect(table.stdout).toMatch(/one +1\.0-r0 +x86_64 +.* none +edge\/main\/x86_64\/one-1\.0-r0\.apk/);
    const names = (listed: unknown) => (listed as { name: string }[]).map(({ name }) => name);
    expect(names(JSON.parse((await lkar('list', at(), 'v3.22', '-o', 'json')).stdout))).toEqual(['two']);
    expect(names(parse((await lkar('apk', 'ls', at(), 'edge', 'main', '-o', 'yaml')).stdout))).toEqual(['one']);
    expect((await lkar('ls', at(), 'edge', 'extra', '-o', 'json')).exitCode).toBe(4);
    const repositories = JSON.parse((await lkar('repositories', at(), '-o', 'json')).stdout) as unknown;
    expect(names(repositories).sort()).toEqual(['edge/main', 'v3.22/extra']);
  });

  it('fetches byte for byte what was pushed', async () => {
    const file = await aFile({ name: 'one', version: '1.0-r0', dataBytes: 300_000 });
    await lkar('push', at(), 'edge', 'main', file);
    const output = path.join(folder.path, `pulled-${images}.apk`);
    const pulled = await lkar('pull', at(), 'edge/main/x86_64/one-1.0-r0.apk', '-o', output);
    expect([pulled.exitCode, pulled.stdout]).toEqual([0, `pulled ${output}\n`]);
    expect(await readFile(output)).toEqual(await readFile(file));
  });

  it('removes, and finds nothing once the grace is over', async () => {
    const file = await aFile({ name: 'one', version: '1.0-r0' });
    await lkar('push', at(), 'edge', 'main', file);
    const filePath = 'edge/main/x86_64/one-1.0-r0.apk';
    expect(await lkar('rm', at(), filePath)).toMatchObject({ exitCode: 0, stdout: `removed ${filePath}\n` });
    expect((await lkar('rm', at(), filePath)).exitCode).toBe(4);
    expect((await lkar('pull', at(), filePath)).exitCode).toBe(0);
    expect((await lkar('rm', '--now', at(), filePath)).exitCode).toBe(0);
    expect((await lkar('pull', at(), filePath)).exitCode).toBe(4);
  });
});

it('lkar knows packages of apk 3: pushes, waits for, lists, fetches and removes them', async () => {
  const file = path.join(folder.path, `fresh-${images}.apk`);
  await writeFile(file, aV3Apk({ name: 'fresh', version: '2.0-r0' }));
  const pushed = await lkar('push', at(), 'edge', 'main', file, '--wait', open.url);
  expect([pushed.exitCode, pushed.stdout]).toEqual([
    0,
    `published edge/main/x86_64/fresh-2.0-r0.apk\nserved by ${open.url}\n`,
  ]);
  expect((await lkar('push', at(), 'edge', 'main', file)).stdout).toContain('already there');
  const conflict = await lkar('push', at(), 'edge', 'main', await aFile({ name: 'fresh', version: '2.0-r0' }));
  expect([conflict.exitCode, conflict.stderr]).toEqual([5, expect.stringContaining('other format (apk v3)')]);
  expect((await lkar('ls', at())).stdout).toMatch(/fresh +2\.0-r0 +x86_64 +v3 /);
  expect(JSON.parse((await lkar('ls', at(), '-o', 'json')).stdout)).toMatchObject([{ name: 'fresh', format: 'v3' }]);
  const output = path.join(folder.path, `pulled-v3-${images}.apk`);
  const filePath = 'edge/main/x86_64/fresh-2.0-r0.apk';
  expect((await lkar('pull', at(), filePath, '-o', output)).exitCode).toBe(0);
  expect(await readFile(output)).toEqual(await readFile(file));
  await writeFile(file, aV3Apk({ name: 'fresh', version: '2.0-r0' }).subarray(0, -3));
  const broken = await lkar('push', at(), 'edge', 'main', file);
  expect([broken.exitCode, broken.stderr]).toEqual([1, expect.stringContaining('truncated')]);
  expect(await lkar('rm', at(), filePath)).toMatchObject({ exitCode: 0 });
  const root = await makeTempDir();
  onTestFinished(() => root.remove());
  expect((await lkar('setup', at(), 'edge', 'main', '--root', root.path, '--index', 'v3')).exitCode).toBe(0);
  const line = await readFile(path.join(root.path, 'etc/apk/repositories'), 'utf8');
  expect(line).toBe(`v3 ${open.url}/apk/${image}/edge/main\n`);
});

describe('lkar setup', () => {
  it('sets a system up, a second time without a change, and keeps other lines', async () => {
    await lkar('push', at(), 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
    const root = path.join(folder.path, `root-${images}`);
    const list = path.join(root, 'etc/apk/repositories');
    await mkdir(path.dirname(list), { recursive: true });
    await writeFile(list, '# mirrors\nhttps://dl.example.org/main');
    const setUp = () => lkar('setup', at(), 'edge', 'main', '--root', root);
    expect((await setUp()).exitCode).toBe(0);
    const lines = `# mirrors\nhttps://dl.example.org/main\n${open.url}/apk/${image}/edge/main\n`;
    expect(await readFile(list, 'utf8')).toBe(lines);
    const key = path.join(root, 'etc/apk/keys/test-only-2048.rsa.pub');
    expect(await readFile(key, 'utf8')).toBe(await readFile(keyFixture('test-only-2048.rsa.pub'), 'utf8'));
    expect((await stat(key)).mode & 0o777).toBe(0o644);
    expect((await setUp()).stdout).toBe('ready: apk -U add PACKAGE\n');
    expect(await readFile(list, 'utf8')).toBe(lines);
  });

  it('replaces another key of that name only where told so', async () => {
    await lkar('push', at(), 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
    const root = path.join(folder.path, `root-${images}`);
    const key = path.join(root, 'etc/apk/keys/test-only-2048.rsa.pub');
    await mkdir(path.dirname(key), { recursive: true });
    await writeFile(key, 'another key\n');
    expect((await lkar('setup', at(), 'edge', 'main', '--root', root)).exitCode).toBe(5);
    expect(await readFile(key, 'utf8')).toBe('another key\n');
    expect((await lkar('setup', at(), 'edge', 'main', '--root', root, '--force')).exitCode).toBe(0);
    expect(await readFile(key, 'utf8')).toContain('PUBLIC KEY');
  });

  it('is done where the gateway lists no repositories', async () => {
    await lkar('push', at(), 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
    const front = createServer((incoming, outgoing) => {
      if (incoming.url?.startsWith('/_repositories') === true) outgoing.writeHead(404).end();
      else
        incoming.pipe(
          request(`${open.url}${incoming.url}`, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
          }),
        );
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const { port } = front.address() as AddressInfo;
    const root = path.join(folder.path, `root-${images}`);
    const setUp = await lkar('setup', `127.0.0.1:${port}/${image}`, 'edge', 'main', '--root', root);
    front.close();
    expect([setUp.exitCode, setUp.stdout]).toEqual([0, expect.stringContaining('ready: apk -U add')]);
  });

  it('sets up before anything was pushed, where the key is known by then', async () => {
    const root = path.join(folder.path, `root-${images}`);
    const setUp = await lkar('setup', at(), 'edge', 'main', '--root', root);
    expect([setUp.exitCode, setUp.stdout]).toEqual([0, expect.not.stringContaining('ready')]);
    expect(setUp.stderr).toContain('edge/main has no package yet');
    expect((await stat(path.join(root, 'etc/apk/repositories'))).mode & 0o777).toBe(0o644);
  });
});

describe('a gateway that asks who one is', () => {
  const password = 's3cret/@:#';
  const logIn = (dockerConfig: string, input = password) =>
    lkarWith({ dockerConfig, input: `${input}\n` }, 'login', guarded.host, '-u', 'me', '--password-stdin');

  it('refuses who is not logged in, and says how to', async () => {
    const refused = await lkar(
      'push',
      `${guarded.host}/${image}`,
      'edge',
      'main',
      await aFile({ name: 'one', version: '1.0-r0' }),
    );
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('lkar login');
  });

  it('keeps no wrong password', async () => {
    expect((await logIn('wrong', 'wrong')).exitCode).toBe(3);
    await expect(stat(path.join(folder.path, 'wrong'))).rejects.toThrow();
  });

  it('lets in who is, until they log out', async () => {
    const who = { dockerConfig: `me-${images}` };
    const target = `${guarded.host}/${image}`;
    const login = await logIn(who.dockerConfig);
    expect([login.exitCode, login.stdout]).toEqual([0, `logged in to ${guarded.host}\n`]);
    expect(login.stderr).toContain('unencrypted');
    expect(login.stdout + login.stderr).not.toContain(password);
    const file = await aFile({ name: 'one', version: '1.0-r0' });
    expect((await lkarWith(who, 'push', target, 'edge', 'main', file)).exitCode).toBe(0);
    expect((await lkarWith(who, 'logout', guarded.host)).stdout).toBe(`logged out of ${guarded.host}\n`);
    expect((await lkarWith(who, 'ls', target)).exitCode).toBe(3);
  });

  it('is set up with the password in the line, readable to the owner alone', async () => {
    const who = { dockerConfig: `me-${images}` };
    const target = `${guarded.host}/${image}`;
    await logIn(who.dockerConfig);
    await lkarWith(who, 'push', target, 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
    const root = path.join(folder.path, `root-${images}`);
    const setUp = await lkarWith(who, 'setup', target, 'edge', 'main', '--root', root);
    expect(setUp.exitCode).toBe(0);
    expect(setUp.stdout + setUp.stderr).not.toContain('s3cret');
    const list = path.join(root, 'etc/apk/repositories');
    const line = new URL((await readFile(list, 'utf8')).trim());
    expect([line.username, decodeURIComponent(line.password)]).toEqual(['me', password]);
    expect((await stat(list)).mode & 0o777).toBe(0o600);
  });
});

it('lkar images lists what holds packages, and says where there may be more', async () => {
  await lkar('push', at(), 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
  const listed = await lkar('images', open.host, '-o', 'json');
  expect(JSON.parse(listed.stdout)).toContainEqual({ name: image });
  expect([listed.exitCode, listed.stderr]).toEqual([0, '']);
});

it('lkar says which part of an address was left out', async () => {
  const pushed = await lkar('push', open.host, 'edge', 'main', await aFile({ name: 'one', version: '1.0-r0' }));
  expect(pushed.exitCode).toBe(4);
  expect(pushed.stderr).toContain('/apk/<image>/<branch>/<repository>/push');
  expect((await lkar('ls', open.host)).stderr).toContain('names no image');
});

it('lkar completes its commands in a shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect(await lkar('completion', shell)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('lkar') as string,
    });
  }
  expect((await lkar('complete', '--', 'pu')).stdout).toMatch(/^push\b[^]*^pull\b/m);
});
