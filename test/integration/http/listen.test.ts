import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { listen, type ListenOptions, type Listening } from '../../../src/http/listen.ts';
import type { HttpOptions } from '../../../src/http/options.ts';
import type { Log } from '../../../src/ports.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import { anApk } from '../../support/an-apk.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { aFoundPackage, aWholeEdge, anIndex, aPushService, silentLog } from '../../unit/http/an-edge.ts';

const run = promisify(execFile);
const base = '/apk/user/image/edge/main';
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Served {
  readonly service: Partial<Repositories>;
  readonly options?: HttpOptions;
  readonly listening?: Partial<ListenOptions>;
  readonly log?: Log;
}

async function serve({ service, options, listening, log = silentLog() }: Served): Promise<Listening> {
  const clock = { now: () => Date.now() };
  const server = await listen(aWholeEdge(service, options), { log, clock }, { port: 0, ...listening });
  ends.push(() => server.close({ drainTimeoutMs: 0 }));
  return server;
}

async function aFile(bytes: Uint8Array): Promise<string> {
  const folder = await makeTempDir();
  ends.push(() => folder.remove());
  const file = path.join(folder.path, 'demo.apk');
  await writeFile(file, bytes);
  return file;
}

/** What curl printed, and its verbose lines. */
async function curl(...args: string[]): Promise<{ status: string; body: string; trace: string }> {
  const { stdout, stderr } = await run('curl', ['-sv', '--max-time', '20', '-w', '\n%{http_code}', ...args]);
  const end = stdout.lastIndexOf('\n');
  return { status: stdout.slice(end + 1), body: stdout.slice(0, end), trace: stderr };
}

const refusing = () =>
  aPushService(() => {
    throw new GatewayError('FORBIDDEN', 'no right to push here');
  });

describe('a refused push', () => {
  const large = Buffer.alloc(8 * 1024 * 1024);

  it.each([
    ['with Content-Length', (file: string) => ['-T', file]],
    ['chunked', (file: string) => ['-T', file, '-H', 'Transfer-Encoding: chunked']],
    ['without waiting', (file: string) => ['-T', file, '-H', 'Expect:']],
    ['by a form', (file: string) => ['-X', 'PUT', '-F', `file=@${file}`]],
    ['by a form without waiting', (file: string) => ['-X', 'PUT', '-F', `file=@${file}`, '-H', 'Expect:']],
  ])('%s is answered, not hung up on', async (_case, args) => {
    const { url } = await serve({ service: { begin: refusing().begin } });
    const { status, body } = await curl(...args(await aFile(large)), '-u', 'alice:secret', `${url}${base}/push`);
    expect([status, body]).toEqual(['403', 'no right to push here\n']);
  });

  it('is never asked for its body', async () => {
    const { url } = await serve({ service: { begin: refusing().begin } });
    const args = ['-H', 'Expect: 100-continue', '--expect100-timeout', '10', `${url}${base}/push`];
    const { status, trace } = await curl('-T', await aFile(large), ...args);
    expect(status).toBe('401');
    expect(trace).not.toContain('100 Continue');
  });

  it('of a file that is no package is answered while it is still coming', async () => {
    const { url } = await serve({ service: { begin: aPushService().begin } });
    const { status, body } = await curl('-T', await aFile(large), '-H', 'Expect:', `${url}${base}/push`);
    expect(status).toBe('400');
    expect(body).toMatch(/not gzip/);
  });

  it('that is over the limit is answered', async () => {
    const { url } = await serve({ service: { begin: aPushService().begin }, options: { maxPackageBytes: 1024 } });
    const file = await aFile(anApk({ name: 'demo', version: '1.0-r0', dataBytes: 4 * 1024 * 1024 }));
    for (const args of [
      ['-T', file],
      ['-T', file, '-H', 'Transfer-Encoding: chunked'],
      ['-F', `file=@${file}`],
    ]) {
      const { status } = await curl('-X', 'PUT', ...args, `${url}${base}/push`);
      expect(status).toBe('413');
    }
  });
});

describe('a request without a Host header', () => {
  const asked = async (path: string, accept = '*/*') => {
    const index = anIndex();
    const { port } = await serve({
      service: { openIndex: () => Promise.resolve(index), keys: () => Promise.resolve([]) },
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.0\r\nAccept: ${accept}\r\n\r\n`);
    return Number((await text(socket)).split(' ', 2)[1]);
  };

  it.each([
    ['/healthz', 200],
    ['/readyz', 200],
    [`${base}/x86_64/APKINDEX.tar.gz`, 200],
    ['/nothing', 404],
    ['/openapi.json', 400],
  ])('for %s is %s', async (path, status) => {
    expect(await asked(path)).toBe(status);
  });
});

describe('a request whose target is a whole URL', () => {
  it('is for the host that the URL names, whatever the Host header says', async () => {
    const { port } = await serve({ service: {} });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET http://one.example/openapi.json HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toContain('"url":"http://one.example"');
  });
});

describe('an upload that its client cuts', () => {
  it('is no success in the log', async () => {
    const lines = new EventEmitter();
    const logged = once(lines, 'line');
    const reached = once(lines, 'reached');
    const { begin } = aPushService();
    const { port } = await serve({
      service: {
        begin: (...args) => {
          lines.emit('reached');
          return begin(...args);
        },
      },
      log: { ...silentLog(), info: (fields) => lines.emit('line', fields) },
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(`PUT ${base}/push HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n`);
    await reached;
    socket.destroy();
    expect(await logged).toMatchObject([{ status: 499, isAborted: true }]);
  });
});

describe('a push', () => {
  const demo = anApk({ name: 'demo', version: '1.0-r0', dataBytes: 6 * 1024 * 1024 });

  it('that waits for 100 Continue gets it once the right is asked', async () => {
    const { begin, record } = aPushService();
    const { url } = await serve({ service: { begin } });
    const args = ['-H', 'Expect: 100-continue', '--expect100-timeout', '10', `${url}${base}/push`];
    const { status, trace } = await curl('-T', await aFile(demo), ...args);
    expect(status).toBe('201');
    expect(trace).toContain('100 Continue');
    expect(record.events).toEqual(['begin user/image edge/main', 'commit user/image edge/main']);
  });

  it('past the memory limit goes through a file and stays what it was', async () => {
    const { begin } = aPushService();
    const received: Buffer[] = [];
    const reading: typeof begin = async (...asked) => ({
      ...(await begin(...asked)),
      async commit(files) {
        for (let count = 0; count < 2; count += 1) {
          const opened = files[0]!.source.open();
          const chunks = opened instanceof Readable ? await opened.toArray() : [opened];
          received.push(Buffer.concat(chunks as Uint8Array[]));
        }
        return [];
      },
    });
    const folder = await makeTempDir();
    ends.push(() => folder.remove());
    const { url } = await serve({ service: { begin: reading }, options: { tempDirectory: folder.path } });
    expect((await curl('-T', await aFile(demo), `${url}${base}/push`)).status).toBe('200');
    expect(received.map((bytes) => bytes.equals(demo))).toEqual([true, true]);
  });

  it.each(['Content-Length: 100000000', 'Transfer-Encoding: chunked'])(
    'whose body is cut short under %s leaves nothing',
    async (header) => {
      const { begin, record } = aPushService();
      const { port } = await serve({ service: { begin } });
      const socket = connect(port, '127.0.0.1');
      socket.write(`PUT ${base}/push HTTP/1.1\r\nHost: h\r\n${header}\r\n\r\n`);
      if (header.startsWith('T')) socket.write('64\r\n');
      socket.write(demo.subarray(0, 50));
      await expect.poll(() => record.events.length).toBe(1);
      socket.destroy();
      await expect.poll(() => record.events).toEqual(['begin user/image edge/main', 'cancel user/image edge/main']);
    },
  );

  it('that stops moving is cut off', async () => {
    const { begin, record } = aPushService();
    const { port } = await serve({ service: { begin }, listening: { idleTimeoutMs: 200 } });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`PUT ${base}/push HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n`);
    await expect.poll(() => record.events.at(-1)).toBe('cancel user/image edge/main');
    await expect.poll(() => socket.destroyed || socket.readableEnded).toBe(true);
  });
});

describe('a package on its way', () => {
  const path = `${base}/x86_64/demo-1.0-r0.apk`;

  it('destroys its source when the caller leaves', async () => {
    const source = new Readable({ read: () => void source.push(Buffer.alloc(65536)) });
    const found = aFoundPackage('', { size: 1e12, open: () => Promise.resolve(source) });
    const { port } = await serve({ service: { findPackage: () => Promise.resolve(found) } });
    const response = await new Promise<IncomingMessage>((resolve) => request({ port, path }, resolve).end());
    response.on('error', () => undefined);
    response.once('data', () => response.destroy());
    await expect.poll(() => source.destroyed).toBe(true);
  });

  it('is cut where its source fails, so that nobody takes the part for the whole', async () => {
    const source = Readable.from(
      (async function* () {
        yield Buffer.alloc(1000);
        await Promise.resolve();
        throw new GatewayError('DIGEST_MISMATCH', 'other bytes');
      })(),
    );
    const found = aFoundPackage('', { size: 2000, open: () => Promise.resolve(source) });
    const { url } = await serve({ service: { findPackage: () => Promise.resolve(found) } });
    await expect(curl(`${url}${path}`)).rejects.toMatchObject({ code: 18 });
  });

  it('lets a slow caller hold the source back', async () => {
    let produced = 0;
    const source = new Readable({
      read() {
        produced += 65536;
        this.push(Buffer.alloc(65536));
      },
    });
    const found = aFoundPackage('', { size: 1e12, open: () => Promise.resolve(source) });
    const { port } = await serve({ service: { findPackage: () => Promise.resolve(found) } });
    const response = await new Promise<IncomingMessage>((resolve) => request({ port, path }, resolve).end());
    response.pause();
    let before = -1;
    await expect.poll(() => before === (before = produced), { interval: 200, timeout: 10_000 }).toBe(true);
    expect(produced).toBeLessThan(64 * 1024 * 1024);
    response.destroy();
  });
});

describe('the server', () => {
  const index = `${base}/x86_64/APKINDEX.tar.gz`;
  const service = { openIndex: () => Promise.resolve(anIndex()) };

  it('passes passwords of many kilobytes', async () => {
    const passwords: string[] = [];
    const openIndex: Repositories['openIndex'] = (_at, _architecture, { credentials }) => {
      if (credentials.kind === 'basic') passwords.push(credentials.password);
      return Promise.resolve(anIndex());
    };
    const { url } = await serve({ service: { openIndex } });
    const password = 't'.repeat(30_000);
    expect((await curl('-u', `AWS:${password}`, `${url}${index}`)).status).toBe('200');
    expect(passwords).toEqual([password]);
  });

  it('answers HEAD like GET, without content', async () => {
    const { url } = await serve({ service });
    const { body, trace } = await curl('-I', `${url}${index}`);
    expect(body).toContain('HTTP/1.1 200');
    expect(trace).toMatch(/content-length: 14/i);
  });

  it.each([
    ['/apk/user/../image/edge/main/x86_64/APKINDEX.tar.gz', '400'],
    ['/apk/user/%2e%2e/edge/main/x86_64/APKINDEX.tar.gz', '400'],
    ['/apk/user%2Fimage/edge/main/x86_64/APKINDEX.tar.gz', '400'],
    ['/apk/user/image/edge/main/x86_64/%00APKINDEX.tar.gz', '400'],
    ['/apk/user/image/edge/main//x86_64/APKINDEX.tar.gz', '200'],
    ['/apk/user/image/edge/main/x86%5F64/APKINDEX.tar.gz?x=y', '200'],
  ])('takes the path as it was sent: %s is %s', async (target, status) => {
    const { url } = await serve({ service });
    expect((await curl('--path-as-is', `${url}${target}`)).status).toBe(status);
  });

  it('writes one line a request, and no secret into it', async () => {
    const lines: object[] = [];
    const log = { ...silentLog(), info: (fields: object, message: string) => void lines.push({ ...fields, message }) };
    const { url } = await serve({ service, log });
    await curl('-u', 'alice:sesame', '-H', 'X-Request-Id: r-17', `${url}${index}?token=sesame`);
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ requestId: 'r-17', method: 'GET', path: index, status: 200 });
    expect(JSON.stringify(lines)).not.toContain('sesame');
  });

  it('speaks TLS, and takes a new certificate for new connections', async () => {
    const folder = await makeTempDir();
    ends.push(() => folder.remove());
    const secretsOf = async (name: string) => {
      const own = path.join(folder.path, name);
      await mkdir(own);
      const { pem, files } = await makeCertificate(own);
      return { file: files.certificate, tls: { certificate: pem, key: await readFile(files.key, 'utf8') } };
    };
    const first = await secretsOf('first');
    const second = await secretsOf('second');
    const server = await serve({ service, listening: { tls: first.tls } });
    expect(server.url).toMatch(/^https:/);
    expect((await curl('--cacert', first.file, `${server.url}${index}`)).status).toBe('200');
    server.renewTls(second.tls);
    expect((await curl('--cacert', second.file, `${server.url}${index}`)).status).toBe('200');
    await expect(curl('--cacert', first.file, `${server.url}${index}`)).rejects.toMatchObject({ code: 60 });
  });

  it('finishes what is under way before it closes', async () => {
    let release: (() => void) | undefined;
    const openIndex = () =>
      new Promise<ReturnType<typeof anIndex>>((resolve) => {
        release = () => {
          resolve(anIndex());
        };
      });
    const server = await serve({ service: { openIndex } });
    const answer = fetch(`${server.url}${index}`);
    await expect.poll(() => release).toBeDefined();
    const closing = server.close({ drainTimeoutMs: 10_000 });
    release?.();
    expect(await (await answer).text()).toBe('a signed index');
    await closing;
    await expect(fetch(`${server.url}${index}`)).rejects.toThrow();
  });

  it('cuts what is not done when the time is up', async () => {
    const server = await serve({ service: { openIndex: () => new Promise(() => undefined) } });
    const answer = fetch(`${server.url}${index}`).then(
      (response) => text(response.body!),
      () => 'cut',
    );
    await expect.poll(() => server.port).toBeGreaterThan(0);
    await server.close({ drainTimeoutMs: 100 });
    expect(await answer).toBe('cut');
  });
});
