import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createSetupScript, quote, type SetupTarget } from '../../../src/http/routes/setup-script.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const shells = [
  ['dash', 'dash', []],
  ['BusyBox ash', 'busybox', ['ash']],
] as const;

const url = 'https://host.example/apk/user/image/edge/main';
const anonymous = { kind: 'anonymous' } as const;
const key = {
  fileName: 'user-image-0123abcd.rsa.pub',
  pem: '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n',
};
const hostile = [
  `'; touch pwned; '`,
  '$(touch pwned)',
  '`touch pwned`',
  '"; touch pwned; "',
  "'\\''; touch pwned #",
  'a\ntouch pwned\n',
  '\\',
  '%s%n$HOME*?[a]~',
  'pässwörd !#&|<>',
  "it's",
];

const formatSetupScript = createSetupScript();

const folders: { remove(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.remove()));
});

async function aFolder(): Promise<string> {
  const folder = await makeTempDir();
  folders.push(folder);
  return folder.path;
}

/** A root folder with these lines in etc/apk/repositories. */
async function aRoot(repositories?: string): Promise<string> {
  const root = await aFolder();
  await mkdir(path.join(root, 'etc/apk'), { recursive: true });
  if (repositories !== undefined) await writeFile(listOf(root), repositories);
  return root;
}

const listOf = (root: string) => path.join(root, 'etc/apk/repositories');
const linesOf = async (root: string) => (await readFile(listOf(root), 'utf8')).replace(/\n$/, '').split('\n');

/** The script on standard input, as `curl … | sh -s -- ARGUMENTS` gives it. */
async function run(shell: readonly [string, readonly string[]], script: string, args: string[], PATH?: string) {
  const cwd = await aFolder();
  const env = PATH === undefined ? process.env : { PATH };
  const child = spawn(shell[0], [...shell[1], '-s', '--', ...args], { cwd, env });
  child.stdin.end(script);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, stdout, stderr, leftBehind: await readdir(cwd) };
}

describe.each(shells)('the setup script under %s', (_name, program, programArgs) => {
  const shell = [program, programArgs] as const;
  const setUp = (target: Partial<SetupTarget>, args: string[]) =>
    run(shell, formatSetupScript({ url, keys: [key], credentials: anonymous, ...target }), args);

  it('installs the keys and adds the repository', async () => {
    const root = await aFolder();
    const second = { ...key, fileName: 'user-image-99999999.rsa.pub' };
    const { status, stdout, stderr } = await setUp({ keys: [key, second] }, ['--root', root]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('apk -U add');
    for (const { fileName, pem } of [key, second]) {
      expect(await readFile(path.join(root, 'etc/apk/keys', fileName), 'utf8')).toBe(pem);
      expect((await stat(path.join(root, 'etc/apk/keys', fileName))).mode & 0o777).toBe(0o644);
    }
    expect(await linesOf(root)).toEqual([url]);
    expect((await stat(listOf(root))).mode & 0o777).toBe(0o644);
  });

  it("keeps the file's other lines and adds its own once, however often it runs", async () => {
    const others = [
      '# a comment',
      'https://mirror.example/edge/main',
      '',
      '  @tag https://x.example/y',
      `${url}-more`,
      '\\t',
    ];
    const root = await aRoot(others.join('\n'));
    for (let count = 0; count < 3; count += 1) expect((await setUp({}, [`--root=${root}`])).status).toBe(0);
    expect(await linesOf(root)).toEqual([...others, url]);
  });

  it('puts credentials where apk finds them, for the owner of the file only, and never prints them', async () => {
    const root = await aRoot('https://mirror.example/edge/main\n');
    const credentials = { kind: 'basic', username: 'al ice', password: 'pa:ss@/w%rd' } as const;
    const { status, stdout, stderr } = await setUp({ credentials }, ['--root', root]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).not.toMatch(/pa:ss|pa%3Ass/);
    const line = 'https://al%20ice:pa%3Ass%40%2Fw%25rd@host.example/apk/user/image/edge/main';
    expect(await linesOf(root)).toEqual(['https://mirror.example/edge/main', line]);
    expect((await stat(listOf(root))).mode & 0o777).toBe(0o600);
  });

  it('puts new credentials in place of old ones, and keeps those where none are given', async () => {
    const old = 'https://bob:old@host.example/apk/user/image/edge/main';
    const root = await aRoot(`${old}\n${url}\n`);
    expect((await setUp({}, ['--root', root])).status).toBe(0);
    expect(await linesOf(root)).toEqual([old]);
    const credentials = { kind: 'basic', username: 'bob', password: 'new' } as const;
    expect((await setUp({ credentials }, ['--root', root])).status).toBe(0);
    expect(await linesOf(root)).toEqual([old.replace('old', 'new')]);
  });

  it.each<[string, string, string]>([
    ['Alpine with apk 2', 'usr/lib/libapk.so.2.14.0', ''],
    ['Alpine with apk 3', 'usr/lib/libapk.so.3.0.0', 'v3 '],
    ['OpenWrt', 'etc/openwrt_release', 'v3 '],
  ])('writes the line that suits the apk of %s, with the credentials that are there', async (_name, file, kind) => {
    const root = await aRoot();
    await mkdir(path.join(root, path.dirname(file)), { recursive: true });
    await writeFile(path.join(root, file), '');
    const list =
      kind !== '' && file.startsWith('etc/') ? 'etc/apk/repositories.d/customfeeds.list' : 'etc/apk/repositories';
    const old = 'https://bob:old@host.example/apk/user/image/edge/main';
    await mkdir(path.join(root, path.dirname(list)), { recursive: true });
    await writeFile(path.join(root, list), `v3 ${old}\nv3 https://mirror.example/main\n${url}\n`);
    const lines = async () => readFile(path.join(root, list), 'utf8');
    for (let count = 0; count < 2; count += 1) expect((await setUp({}, ['--root', root])).status).toBe(0);
    expect(await lines()).toBe(`${kind}${old}\nv3 https://mirror.example/main\n`);
    expect((await setUp({}, ['--root', root, '--index', 'v2'])).status).toBe(0);
    expect(await lines()).toBe(`${old}\nv3 https://mirror.example/main\n`);
    expect((await setUp({}, ['--root', root, '--index=v3'])).status).toBe(0);
    expect(await lines()).toBe(`v3 ${old}\nv3 https://mirror.example/main\n`);
    expect((await setUp({}, ['--root', root, '--index=v4'])).status).toBe(1);
  });

  it('says what to do with credentials that apk could not read from a URL', async () => {
    const root = await aRoot();
    const credentials = { kind: 'basic', username: 'AWS', password: 'x'.repeat(3000) } as const;
    const { stdout } = await setUp({ credentials }, ['--root', root]);
    expect(stdout).toContain('HTTP_AUTH');
    expect(stdout).not.toContain('xxx');
    expect(await linesOf(root)).toEqual([url]);
  });

  it('replaces a key that differs only when forced', async () => {
    const root = await aRoot();
    const file = path.join(root, 'etc/apk/keys', key.fileName);
    await mkdir(path.dirname(file));
    await writeFile(file, 'another key');
    const refused = await setUp({}, ['--root', root]);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('--force')]);
    expect(await readFile(file, 'utf8')).toBe('another key');
    expect((await setUp({}, ['--force', '--root', root])).status).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(key.pem);
  });

  it.each(hostile)('runs nothing of what stands in it: %j', async (value) => {
    const root = await aRoot();
    const credentials = { kind: 'basic', username: value, password: value } as const;
    const oneLine = value.replaceAll('\n', ' ');
    const target = {
      url: `https://h/${oneLine}`,
      credentials,
      keys: [{ fileName: oneLine.replaceAll('/', ''), pem: value }],
    };
    const { stderr, leftBehind, status } = await setUp(target, ['--root', root]);
    expect({ status, stderr, leftBehind }).toEqual({ status: 0, stderr: '', leftBehind: [] });
    const encoded = encodeURIComponent(value).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
    expect(await linesOf(root)).toEqual([`https://${encoded}:${encoded}@h/${oneLine}`]);
  });

  it.each(hostile)('quotes %j as one word', async (value) => {
    const { stdout } = await run(shell, `printf '%s' ${quote(value)}\n`, []);
    expect(stdout).toBe(value);
  });

  it('shows no secret to other programs on the machine', async () => {
    const root = await aRoot('https://mirror.example/edge/main\n');
    const bin = await aFolder();
    const log = path.join(bin, 'log');
    for (const name of ['cat', 'chmod', 'cp', 'mkdir', 'mv', 'rm', 'id']) {
      await writeFile(path.join(bin, name), `#!/bin/sh\necho "${name} $*" >>${log}\nexec /bin/${name} "$@"\n`);
      await chmod(path.join(bin, name), 0o755);
    }
    const credentials = { kind: 'basic', username: 'alice', password: 'sesame' } as const;
    const script = formatSetupScript({ url, keys: [key], credentials });
    const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
    expect((await run(shell, script, ['--root', root], PATH)).status).toBe(0);
    expect(await readFile(log, 'utf8').catch(() => '')).not.toContain('sesame');
    expect(await linesOf(root)).toHaveLength(2);
  });

  it('does nothing where it was cut short on its way', async () => {
    const root = await aRoot('');
    const script = formatSetupScript({ url, keys: [key], credentials: anonymous });
    await run(shell, script.slice(0, script.lastIndexOf('main "$@"')), ['--root', root]);
    expect(await readdir(path.join(root, 'etc/apk'))).toEqual(['repositories']);
  });

  it.each([
    [['--root'], 'folder'],
    [['--nonsense'], '--nonsense'],
  ])('refuses %j', async (args, reason) => {
    expect(await setUp({}, args)).toMatchObject({ status: 1, stderr: expect.stringContaining(reason) as string });
  });

  it.each([
    ['1000', 'root'],
    ['0', 'no apk'],
  ])('refuses user %s without --root where it must', async (uid, reason) => {
    const bin = await aFolder();
    await writeFile(path.join(bin, 'id'), `#!/bin/sh\necho ${uid}\n`);
    await chmod(path.join(bin, 'id'), 0o755);
    const found = await run(['/bin/sh', []], `command -v ${program}`, []);
    await symlink(found.stdout.trim(), path.join(bin, program));
    const script = formatSetupScript({ url, keys: [key], credentials: anonymous });
    const { status, stderr } = await run([path.join(bin, program), programArgs], script, [], bin);
    // BusyBox may have an id of its own that it prefers.
    const reasons = program === 'busybox' ? /root|no apk/ : new RegExp(reason);
    expect([status, stderr]).toEqual([1, expect.stringMatching(reasons)]);
  });
});
