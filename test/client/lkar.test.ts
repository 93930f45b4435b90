import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { findClient } from '../support/clients.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { makeApkRoot, mayInstall, mayUnshare, mustSucceed, runProgram, type ProgramResult } from './apk-root.ts';
import { describeForEachStore } from './matrix.ts';
import { dockerRegistry, embeddedStore, type World } from './world.ts';

const lkar = findClient('lkarUpstream');
const apk = findClient('apk3') ?? findClient('apk2');
const password = 'open sesame';

describeForEachStore('lkarUpstream', [embeddedStore, dockerRegistry], (store) => {
  let world: World;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let images = 0;
  beforeAll(async () => {
    world = await store.start({ users: { alice: password } });
    folder = await makeTempDir();
  });
  afterAll(async () => {
    await world.stop();
    await folder.remove();
  });

  /** A person with a home of their own, and an image that nobody used before. */
  const aPerson = async () => {
    images += 1;
    const home = path.join(folder.path, `home${images}`);
    await mkdir(home);
    const image = `${new URL(world.url).host}/team/image${images}`;
    const run = (args: readonly string[], input = ''): Promise<ProgramResult> =>
      runProgram(lkar!.program, ['-H', ...args], { env: { HOME: home }, cwd: home, input });
    const must = async (...args: readonly string[]) => mustSucceed(`lkar ${args.join(' ')}`, await run(args));
    const logIn = () => run(['login', '-u', 'alice', '--password-stdin', image], `${password}\n`);
    const aFile = async (name: string, version: string, arch = 'x86_64') => {
      const bytes = anApk({ name, version, arch, dataBytes: 100_000 });
      await writeFile(path.join(home, `${name}.apk`), bytes);
      return { file: `${name}.apk`, bytes };
    };
    return { home, image, run, must, logIn, aFile };
  };

  it('logs in, and out again', async () => {
    const { home, image, run, must, logIn, aFile } = await aPerson();
    mustSucceed('lkar login', await logIn());
    expect(await readFile(path.join(home, '.docker/config.json'), 'utf8')).toContain(image);
    const { file } = await aFile('hello', '1-r0');
    await must('apk', 'push', image, 'edge', 'main', file);
    await must('logout', image);
    const refused = await run(['apk', 'list', image]);
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining('401')]);
  });

  it('does not log in with a wrong password', async () => {
    const { image, run } = await aPerson();
    const refused = await run(['login', '-u', 'alice', '-p', 'guess', image]);
    expect([refused.exitCode, refused.output]).toEqual([1, expect.stringContaining('401')]);
  });

  it('pushes, lists, pulls byte for byte and deletes', async () => {
    const { home, image, run, must, logIn, aFile } = await aPerson();
    await logIn();
    const { file, bytes } = await aFile('libstdc++', '1.2-r3');
    await must('apk', 'push', image, 'v3.22', 'main', file);
    const filePath = 'v3.22/main/x86_64/libstdc++-1.2-r3.apk';
    const listed = JSON.parse(await must('apk', 'list', '-o', 'json', image)) as unknown;
    const row = { name: 'libstdc++', version: '1.2-r3', arch: 'x86_64', size: bytes.length, path: filePath };
    expect(listed).toEqual([row]);
    expect(await must('apk', 'ls', image)).toContain(filePath);
    await must('apk', 'pull', '-o', 'pulled.apk', image, filePath);
    expect((await readFile(path.join(home, 'pulled.apk'))).equals(bytes)).toBe(true);
    await must('apk', 'rm', image, filePath);
    expect(JSON.parse(await must('apk', 'list', '-o', 'json', image))).toEqual([]);
    // For --delete-grace it can still be fetched.
    await must('apk', 'pull', '-o', 'kept.apk', image, filePath);
    expect((await readFile(path.join(home, 'kept.apk'))).equals(bytes)).toBe(true);
    expect(await run(['apk', 'pull', image, filePath.replace('-r3', '-r4')])).toMatchObject({
      exitCode: 1,
      output: expect.stringContaining('404') as string,
    });
  });

  it('lists repositories with their number of packages', async () => {
    const { image, must, logIn, aFile } = await aPerson();
    await logIn();
    for (const [name, arch] of [
      ['one', 'x86_64'],
      ['two', 'aarch64'],
      ['three', 'noarch'],
    ] as const)
      await must('apk', 'push', image, 'edge', 'main', (await aFile(name, '1-r0', arch)).file);
    const listed = JSON.parse(await must('repositories', '-o', 'json', image)) as unknown;
    expect(listed).toEqual([expect.objectContaining({ type: 'apk', packages: 3 })]);
    expect(await must('repositories', image)).toContain('apk');
  });

  it('shows why a push is refused', async () => {
    const { home, image, run, must, logIn, aFile } = await aPerson();
    await logIn();
    await must('apk', 'push', image, 'edge', 'main', (await aFile('hello', '1-r0')).file);
    await writeFile(path.join(home, 'other.apk'), anApk({ name: 'hello', version: '1-r0', description: 'another' }));
    const taken = await run(['apk', 'push', image, 'edge', 'main', 'other.apk']);
    expect([taken.exitCode, taken.output]).toEqual([1, expect.stringMatching(/409.*hello-1-r0\.apk/s)]);
    await writeFile(path.join(home, 'text.apk'), 'no package');
    const broken = await run(['apk', 'push', image, 'edge', 'main', 'text.apk']);
    expect([broken.exitCode, broken.output]).toEqual([1, expect.stringContaining('400')]);
  });

  it.skipIf(!mayUnshare || apk === undefined || !mayInstall(apk))(
    'sets up a machine on which apk then installs (as root, with apk)',
    async () => {
      const { image, must, logIn, aFile } = await aPerson();
      await logIn();
      await must('apk', 'push', image, 'edge', 'main', (await aFile('hello', '1-r0')).file);
      const root = await makeApkRoot(apk!);
      onTestFinished(() => root.remove());
      await root.addRepository('# kept');
      await mkdir(path.join(root.path, 'etc/apk/keys'), { recursive: true });
      const setUp = [lkar!.program, '-H', '-u', 'alice', '-p', password, 'apk', 'setup', image, 'edge', 'main'];
      const script = 'mount --bind "$1/etc" /etc; shift; exec "$@"';
      const args = ['--mount', '--', 'sh', '-ec', script, 'setup', root.path, ...setUp];
      mustSucceed('lkar setup', await runProgram('unshare', args, { env: { HOME: root.path } }));
      expect(await root.read('etc/apk/repositories')).toContain('# kept');
      await root.mustApk(['-U', 'add', 'hello']);
      expect(await root.read('usr/share/hello/about')).toBe('hello 1-r0\n');
    },
  );
});
