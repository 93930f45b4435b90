import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);

interface CurlAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: ReadonlyMap<string, string>;
}

/** Runs the real curl; the final answer's status, headers and body. */
async function curl(...args: readonly string[]): Promise<CurlAnswer> {
  const given = ['-s', '-i', '--max-time', '30', ...args];
  const { stdout } = await run('curl', given, { encoding: 'buffer', maxBuffer: 64 * 2 ** 20 });
  return parseAnswer(stdout);
}

function parseAnswer(bytes: Buffer): CurlAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  // 100 Continue comes before the answer itself.
  if (status < 200) return parseAnswer(rest);
  const headers = lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*: */, '')] as const);
  return { status, body: rest, headers: new Map(headers) };
}

/** curl with a body on its standard input. */
async function curlWithInput(input: Uint8Array, ...args: readonly string[]): Promise<number> {
  const running = run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...args]);
  running.child.stdin!.end(input);
  return Number((await running).stdout);
}

describe.each(['the embedded store', 'a registry'])('a gateway on %s', (kind) => {
  let registry: TestRegistry | undefined;
  let gateway: TestGateway;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let count = 0;

  beforeAll(async () => {
    folder = await makeTempDir();
    if (kind === 'a registry') registry = await startRegistry();
    gateway = await startGateway({ store: registry === undefined ? 'directory' : { registry: registry.host } });
  });
  afterAll(async () => {
    await gateway.stop();
    await registry?.stop();
    await folder.remove();
  });

  /** A package of a name not used before, in a file. */
  const aPackage = async (spec: { arch?: string; dataBytes?: number } = {}) => {
    count += 1;
    const name = `demo${count}`;
    const bytes = anApk({ name, version: '1.0-r0', ...spec });
    const file = path.join(folder.path, `${name}.apk`);
    await writeFile(file, bytes);
    return { file, bytes, fileName: `${name}-1.0-r0.apk`, arch: spec.arch ?? 'x86_64' };
  };
  const anImage = () => {
    count += 1;
    return `team/image${count}`;
  };

  describe('takes an upload', () => {
    it.each([
      ['--upload-file', (file: string, image: string) => ['--upload-file', file, `/apk/${image}/edge/main/push`]],
      ['-T to the base', (file: string, image: string) => ['-T', file, `/apk/${image}/edge/main`]],
      ['-T to a name', (file: string, image: string) => ['-T', file, `/apk/${image}/edge/main/x86_64/any_name.apk`]],
      ['-T to a name without folder', (file: string, image: string) => ['-T', file, `/apk/${image}/edge/main/x.apk`]],
      ['-T to the short form', (file: string, image: string) => ['-T', file, `/${image}/edge/main/push`]],
      ['-F file=@', (file: string, image: string) => ['-F', `file=@${file}`, `/apk/${image}/edge/main/push`]],
      [
        'PUT -F file=@',
        (file: string, image: string) => ['-X', 'PUT', '-F', `file=@${file}`, `/${image}/edge/main/push`],
      ],
      ['--data-binary', (file: string, image: string) => ['--data-binary', `@${file}`, `/apk/${image}/edge/main/push`]],
      [
        '-F f=@ to artifactd',
        (file: string, image: string) => ['-F', `f=@${file}`, `/addpkg?provider=apk&reponame=${image}`],
      ],
      [
        'Expect: 100-continue',
        (file: string, image: string) => ['-H', 'Expect: 100-continue', '-T', file, `/apk/${image}/edge/main/push`],
      ],
      [
        'chunked',
        (file: string, image: string) => [
          '-H',
          'Transfer-Encoding: chunked',
          '-T',
          file,
          `/apk/${image}/edge/main/push`,
        ],
      ],
    ])('by %s', async (_form, args) => {
      const { file, bytes, fileName } = await aPackage();
      const image = anImage();
      const given = args(file, image);
      const pushed = await curl(...given.slice(0, -1), `${gateway.url}${given.at(-1)!}`);
      expect([pushed.status, pushed.body.toString()]).toEqual([201, expect.stringContaining(fileName)]);
      const got = await curl(`${gateway.url}/apk/${image}/edge/main/x86_64/${fileName}`);
      expect([got.status, got.body.equals(bytes)]).toEqual([200, true]);
    });

    it('from standard input', async () => {
      const { bytes, fileName } = await aPackage();
      const base = `${gateway.url}/apk/${anImage()}/edge/main`;
      expect(await curlWithInput(bytes, '-T', '-', `${base}/push`)).toBe(201);
      expect((await curl(`${base}/x86_64/${fileName}`)).body.equals(bytes)).toBe(true);
    });

    it('of several files at once', async () => {
      const files = [await aPackage(), await aPackage({ arch: 'aarch64' }), await aPackage({ arch: 'noarch' })];
      const base = `${gateway.url}/apk/${anImage()}/edge/main`;
      const pushed = await curl(...files.flatMap(({ file }) => ['-F', `file=@${file}`]), `${base}/push`);
      expect(pushed.status).toBe(201);
      for (const { fileName, arch, bytes } of files) {
        expect((await curl(`${base}/${arch}/${fileName}`)).body.equals(bytes)).toBe(true);
      }
    });

    it('of megabytes', async () => {
      const { file, bytes, fileName } = await aPackage({ dataBytes: 12 * 2 ** 20 });
      const base = `${gateway.url}/apk/${anImage()}/edge/main`;
      expect((await curl('-T', file, `${base}/push`)).status).toBe(201);
      expect((await curl(`${base}/x86_64/${fileName}`)).body.equals(bytes)).toBe(true);
    });

    it("by Gitea's form, and deletes by it", async () => {
      const { file, fileName } = await aPackage();
      const owner = `owner${count}`;
      const base = `${gateway.url}/api/packages/${owner}/alpine`;
      expect((await curl('-T', file, `${base}/v3.20/main`)).status).toBe(201);
      expect((await curl('-T', file, `${base}/v3.20/main`)).status).toBe(409);
      expect((await curl(`${base}/key`)).body.toString()).toContain('BEGIN PUBLIC KEY');
      expect((await curl(`${gateway.url}/apk/${owner}/alpine/v3.20/main/x86_64/${fileName}`)).status).toBe(200);
      expect((await curl('-X', 'DELETE', `${base}/v3.20/main/x86_64/${fileName}`)).status).toBe(204);
      expect((await curl('-X', 'DELETE', `${base}/v3.20/main/x86_64/${fileName}`)).status).toBe(404);
    });

    it("by Buildkite's form, and serves the base that its documentation names", async () => {
      const { file, fileName } = await aPackage();
      const url = `${gateway.url}/v2/packages/organizations/org/registries/reg${count}/packages`;
      const pushed = await curl('-X', 'POST', url, '-H', 'Authorization: Bearer TOKEN', '-F', `file=@${file}`);
      expect([pushed.status, JSON.parse(pushed.body.toString())]).toEqual([
        kind === 'a registry' ? expect.any(Number) : 201,
        expect.objectContaining(pushed.status === 201 ? { name: fileName } : {}),
      ]);
      const plain = await curl('-X', 'POST', url, '-F', `file=@${(await aPackage()).file}`);
      expect(plain.status).toBe(201);
      const alias = `${gateway.url}/org/reg${count - 1}/alpine_any/alpine_any/main`;
      expect((await curl(`${alias}/x86_64/APKINDEX.tar.gz`)).status).toBe(200);
    });
  });

  it('refuses a name that is taken, and says whether the bytes are the same', async () => {
    const { file, fileName } = await aPackage();
    const push = `${gateway.url}/apk/${anImage()}/edge/main/push`;
    expect((await curl('-T', file, push)).status).toBe(201);
    const again = await curl('-T', file, push);
    expect([again.status, again.body.toString()]).toEqual([409, expect.stringContaining('identical')]);
    expect((await curl('-T', file, `${push}?if-exists=skip`)).status).toBe(200);
    const name = fileName.replace('-1.0-r0.apk', '');
    await writeFile(file, anApk({ name, version: '1.0-r0', description: 'something else' }));
    const other = await curl('-T', file, `${push}?if-exists=skip`);
    expect([other.status, other.body.toString()]).toEqual([409, expect.stringContaining('other bytes')]);
  });

  it('keeps nothing of what it refuses', async () => {
    const image = anImage();
    const file = path.join(folder.path, 'broken.apk');
    await writeFile(file, anApk({ name: 'demo', version: '1.0-r0' }).subarray(0, -5));
    const pushed = await curl('-T', file, `${gateway.url}/apk/${image}/edge/main/push`);
    expect([pushed.status, pushed.body.toString().split('\n')]).toEqual([400, [expect.stringMatching(/./), '']]);
    expect((await curl(`${gateway.url}/apk/${image}/edge/main/x86_64/APKINDEX.tar.gz`)).status).toBe(404);
    expect((await curl(`${gateway.url}/_packages/apk/${image}`)).body.toString()).toBe('[]\n');
  });

  describe('serves', () => {
    let base: string;
    let pkg: Awaited<ReturnType<typeof aPackage>>;
    beforeAll(async () => {
      pkg = await aPackage({ dataBytes: 100_000 });
      base = `${gateway.url}/apk/${anImage()}/edge/main`;
      expect((await curl('-T', pkg.file, `${base}/push`)).status).toBe(201);
    });

    it('an index that HEAD and conditions work on', async () => {
      const index = `${base}/x86_64/APKINDEX.tar.gz`;
      const get = await curl(index);
      const head = await curl('-I', index);
      expect([get.status, head.status]).toEqual([200, 200]);
      expect(head.headers.get('etag')).toBe(get.headers.get('etag'));
      expect(head.headers.get('content-length')).toBe(String(get.body.length));
      expect((await curl('-H', `If-None-Match: ${get.headers.get('etag')!}`, index)).status).toBe(304);
      expect((await curl('-H', 'If-None-Match: "other"', index)).status).toBe(200);
      expect((await curl('-H', 'If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT', index)).status).toBe(200);
    });

    it('a package that HEAD, ranges and conditions work on', async () => {
      const file = `${base}/x86_64/${pkg.fileName}`;
      const head = await curl('-I', file);
      const etag = head.headers.get('etag')!;
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(pkg.bytes.length)]);
      const part = await curl('-r', '100-199', file);
      expect([part.status, part.body.equals(pkg.bytes.subarray(100, 200))]).toEqual([206, true]);
      expect(part.headers.get('content-range')).toBe(`bytes 100-199/${pkg.bytes.length}`);
      const end = await curl('-r', '-50', file);
      expect([end.status, end.body.equals(pkg.bytes.subarray(-50))]).toEqual([206, true]);
      expect((await curl('-r', `${pkg.bytes.length}-`, file)).status).toBe(416);
      expect((await curl('-r', '0-9', '-H', 'If-Range: "other"', file)).status).toBe(200);
      expect((await curl('-H', `If-None-Match: ${etag}`, file)).status).toBe(304);
      const date = head.headers.get('last-modified')!;
      expect((await curl('-H', `If-Modified-Since: ${date}`, file)).status).toBe(304);
      expect((await curl('-H', 'If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT', file)).status).toBe(200);
    });

    it('a listing, repositories, keys and a status', async () => {
      const image = /apk\/(.*)\/edge\/main/.exec(base)![1]!;
      const [listed] = JSON.parse((await curl(`${gateway.url}/_packages/apk/${image}`)).body.toString()) as object[];
      expect(listed).toMatchObject({ filePath: `edge/main/x86_64/${pkg.fileName}`, size: pkg.bytes.length });
      const [repository] = JSON.parse(
        (await curl(`${gateway.url}/_repositories/${image}`)).body.toString(),
      ) as object[];
      expect(repository).toMatchObject({ type: 'apk', packages: { count: 1, size: pkg.bytes.length } });
      const key = await curl(`${base}/key`);
      const name = key.headers.get('content-disposition')!.replace('attachment; filename=', '');
      expect((await curl(`${base}/${name}`)).body.equals(key.body)).toBe(true);
      const status = JSON.parse((await curl(`${base}/status.json`)).body.toString()) as object;
      expect(status).toMatchObject({ architectures: [{ architecture: 'x86_64', count: 1, missing: [], surplus: [] }] });
    });

    it.each([
      ['curl', 'curl -s "$1"'],
      ['BusyBox wget', 'busybox wget -qO- "$1"'],
    ])('a setup script by %s that prepares a folder', async (_client, fetching) => {
      const root = await makeTempDir();
      const shell = `${fetching} | busybox sh -s -- --root "$2"`;
      await run('sh', ['-c', shell, 'sh', `${base}/setup`, root.path]);
      const { stdout } = await run('cat', [path.join(root.path, 'etc/apk/repositories')]);
      expect(stdout).toBe(`${base}\n`);
      const keys = await run('sh', ['-c', `cat "$1"/etc/apk/keys/*.rsa.pub`, 'sh', root.path]);
      expect(keys.stdout).toContain('BEGIN PUBLIC KEY');
      await root.remove();
    });
  });

  it('deletes a file everywhere when no architecture is given', async () => {
    const base = `${gateway.url}/apk/${anImage()}/edge/main`;
    const name = `multi${count}`;
    for (const arch of ['x86_64', 'aarch64']) {
      const bytes = anApk({ name, version: '1-r0', arch });
      expect(await curlWithInput(bytes, '-T', '-', `${base}/push`)).toBe(201);
    }
    expect((await curl('-X', 'DELETE', `${base}/${name}-1-r0.apk?now`)).status).toBe(204);
    for (const arch of ['x86_64', 'aarch64']) {
      expect((await curl(`${base}/${arch}/${name}-1-r0.apk`)).status).toBe(404);
      expect((await curl(`${base}/${arch}/APKINDEX.tar.gz`)).status).toBe(200);
    }
  });

  it('reads ~ and + from every way of writing them', async () => {
    const base = `${gateway.url}/apk/${anImage()}/edge/main`;
    const bytes = anApk({ name: 'lib++', version: '1.0~1a2b-r0' });
    const pushed = await curlWithInput(bytes, '-T', '-', `${base}/push`);
    expect(pushed).toBe(201);
    for (const name of ['lib++-1.0~1a2b-r0.apk', 'lib++-1.0%7e1a2b-r0.apk', 'lib%2B%2b-1.0%7E1a2b-r0.apk']) {
      expect((await curl('--path-as-is', `${base}/x86_64/${name}`)).status).toBe(200);
    }
  });
});

describe('a private registry behind the gateway', () => {
  let registry: TestRegistry;
  let gateway: TestGateway;
  const demo = anApk({ name: 'demo', version: '1.0-r0' });
  const base = () => `${gateway.url}/apk/team/private/edge/main`;

  beforeAll(async () => {
    registry = await startRegistry({ users: { alice: 'sesame' } });
    gateway = await startGateway({ store: { registry: registry.host } });
    expect(await curlWithInput(demo, '-u', 'alice:sesame', '-T', '-', `${base()}/push`)).toBe(201);
  });
  afterAll(async () => {
    await gateway.stop();
    await registry.stop();
  });

  it.each(['/x86_64/APKINDEX.tar.gz', '/x86_64/demo-1.0-r0.apk', '/key', '/setup', '/jwks.json', '/status.json'])(
    'asks for credentials at %s',
    async (rest) => {
      const anonymous = await curl(`${base()}${rest}`);
      expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Basic/),
      ]);
      expect((await curl('-u', 'alice:wrong', `${base()}${rest}`)).status).toBe(401);
      expect((await curl('-u', 'alice:sesame', `${base()}${rest}`)).status).toBe(200);
    },
  );

  it('hides the key discovery from callers without credentials', async () => {
    expect((await curl(`${base()}/apk-configuration`)).status).toBe(404);
    expect((await curl('-u', 'alice:sesame', `${base()}/apk-configuration`)).status).toBe(200);
  });

  it('refuses pushes and deletes by others', async () => {
    expect(await curlWithInput(demo, '-T', '-', `${base()}/push`)).toBe(401);
    expect(await curlWithInput(demo, '-u', 'alice:wrong', '-T', '-', `${base()}/push`)).toBe(401);
    expect((await curl('-X', 'DELETE', `${base()}/x86_64/demo-1.0-r0.apk`)).status).toBe(401);
  });

  it.each(['/_auth/login', '/_auth/team/private/login'])('logs in at %s', async (login) => {
    expect((await curl('-u', 'alice:sesame', `${gateway.url}${login}`)).status).toBe(200);
    expect((await curl('-u', 'alice:wrong', `${gateway.url}${login}`)).status).toBe(401);
    expect((await curl(`${gateway.url}${login}`)).status).toBe(401);
  });

  it('puts the credentials of the request into the setup script', async () => {
    const root = await makeTempDir();
    const shell = 'curl -s -u alice:sesame "$1" | busybox sh -s -- --root "$2"';
    const { stdout } = await run('sh', ['-c', shell, 'sh', `${base()}/setup`, root.path]);
    expect(stdout).not.toContain('sesame');
    const lines = await run('cat', [path.join(root.path, 'etc/apk/repositories')]);
    expect(lines.stdout).toBe(`${base().replace('://', '://alice:sesame@')}\n`);
    await root.remove();
  });
});

describe('the modes of addressing', () => {
  const demo = anApk({ name: 'demo', version: '1.0-r0' });

  it('of one image name it nowhere', async () => {
    const gateway = await startGateway({ settings: { image: 'user/image' } });
    expect(await curlWithInput(demo, '-T', '-', `${gateway.url}/apk/edge/main/push`)).toBe(201);
    for (const path of ['/apk/edge/main/x86_64/APKINDEX.tar.gz', '/edge/main/x86_64/demo-1.0-r0.apk', '/apk/key']) {
      expect((await curl(`${gateway.url}${path}`)).status).toBe(200);
    }
    for (const path of [
      '/_packages/apk',
      '/_repositories',
      '/apk/edge/main/status.json',
      '/apk/x/y/x86_64/APKINDEX.tar.gz',
    ]) {
      expect((await curl(`${gateway.url}${path}`)).body.toString()).not.toContain('user/image');
    }
    await gateway.stop();
  });

  it('of a domain serve its own host from the root', async () => {
    const gateway = await startGateway({ settings: { domain: 'example.org' } });
    const own = ['-H', 'Host: apk.example.org'];
    expect(await curlWithInput(demo, ...own, '-T', '-', `${gateway.url}/user/image/edge/main/push`)).toBe(201);
    const index = 'user/image/edge/main/x86_64/APKINDEX.tar.gz';
    expect((await curl(...own, `${gateway.url}/${index}`)).status).toBe(200);
    expect((await curl(`${gateway.url}/apk/${index}`)).status).toBe(200);
    expect((await curl(`${gateway.url}/${index}`)).status).toBe(404);
    const setup = await curl(...own, `${gateway.url}/user/image/edge/main/setup`);
    expect(setup.body.toString()).toContain("url='http://apk.example.org/user/image/edge/main'");
    await gateway.stop();
  });
});
