import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry } from '../../support/private-registry.ts';

const owner = `Basic ${Buffer.from('alice:pw').toString('base64')}`;
let registry: PrivateRegistry;
let gateway: TestGateway;
beforeAll(async () => {
  registry = await startPrivateRegistry({
    alice: { password: 'pw', images: { 'team/app': ['pull', 'push', 'delete'] } },
    bob: { password: 'pw', images: { 'bob/own': ['pull'] } },
  });
  gateway = await startGateway({
    store: { registry: registry.host },
    settings: { domain: 'example.org', 'trusted-proxy': ['127.0.0.1'] },
  });
  const pushed = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, {
    method: 'PUT',
    headers: { authorization: owner },
    body: anApk({ name: 'secretpkg', version: '1.0-r0' }),
  });
  expect(pushed.status).toBe(201);
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
});

/** What the gateway answers to these very bytes. */
function tell(bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let told = '';
    // A gateway that neither answers nor closes would be a fault of its own.
    socket.setTimeout(20_000, () => {
      socket.destroy();
      reject(new Error(`no answer to ${JSON.stringify(bytes.toString('latin1'))}`));
    });
    socket.on('data', (chunk) => (told += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(told);
    });
    socket.write(bytes);
    // Where a body ends before its length, nobody would wait less than the hour that it may take.
    const leaving = setTimeout(() => socket.end(), 1000);
    socket.once('close', () => {
      clearTimeout(leaving);
    });
  });
}

const one = (...choices: readonly string[]) => fc.constantFrom(...choices);
const junk = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '_'));
const segment = fc.oneof(
  {
    weight: 4,
    arbitrary: one('apk', 'team', 'app', 'edge', 'main', 'x86_64', 'secretpkg-1.0-r0.apk', 'APKINDEX.tar.gz'),
  },
  one(
    'key',
    'setup',
    'push',
    'jwks.json',
    'apk-configuration',
    'status.json',
    'packages.json',
    'feed.atom',
    'test.rsa.pub',
  ),
  one('_packages', '_repositories', '_images', '_auth', 'login', 'logout', 'api', 'packages', 'alpine', 'v2', 'addpkg'),
  one('', '.', '..', '%2e%2e', '%2f', '%00', '%ff', '..;', '%25%32%65', 'team%2fapp', '*', '@', ':', '%0d%0aX:1', '\\'),
  junk.map((text) => text.replace(/[ \t]/g, '')),
);
const target = fc
  .tuple(
    one('/', '/', '/', '//', '', 'http://127.0.0.1/', 'http://evil.example/', '*'),
    fc.array(segment, { maxLength: 8 }).map((parts) => parts.join('/')),
    one(
      '',
      '',
      '?q=%',
      '?package=secretpkg',
      '?branch=edge&repository=main',
      '?next=//evil',
      '#f',
      '?' + 'a'.repeat(5000),
    ),
  )
  .map((parts) => parts.join(''));
const header = fc.oneof(
  fc.tuple(one('Accept'), one('text/html', 'application/json', 'application/problem+json', '*/*;q=x', ';;;')),
  fc.tuple(
    one('Authorization'),
    one('Basic', 'Basic Og==', 'Basic !!', 'Bearer x', 'Bearer a b', 'Digest x', 'Basic Ym9iOnB3'),
  ),
  fc.tuple(
    one('Host', 'X-Forwarded-Host'),
    one('apk.example.org', 'evil.example', 'a b', '', '127.0.0.1:99999', '1.2.3.4.5', '[::1', "'$(id)"),
  ),
  fc.tuple(one('X-Forwarded-For'), one('203.0.113.7', ', ,', '::::', 'unknown')),
  fc.tuple(one('X-Forwarded-Prefix', 'X-Forwarded-Proto'), one('/a', '//evil', '/../..', 'javascript', 'https')),
  fc.tuple(
    one('Range', 'If-Range'),
    one('bytes=0-1', 'bytes=9-1', 'bytes=-0', 'bytes=0-1,2-3', 'bytes=99999999999999999999-'),
  ),
  fc.tuple(one('If-None-Match', 'If-Modified-Since'), one('*', '"x"', 'W/"x"', 'Thu, 01 Jan 1970 00:00:00 GMT', 'x')),
  fc.tuple(one('Cookie'), one('lkard-session=x', 'lkard-session=a.b.c.d.e', ';;;', 'lkard-session=')),
  fc.tuple(
    one('Content-Type'),
    one('multipart/form-data', 'multipart/form-data; boundary=', 'application/x-www-form-urlencoded'),
  ),
  fc.tuple(one('Content-Length'), one('0', '5', '-1', '1e3', '+5', ' 5', '5,5', '0x5')),
  fc.tuple(one('Transfer-Encoding'), one('chunked', 'identity', 'gzip, chunked', 'xchunked', 'chunked, chunked')),
  fc.tuple(one('Expect', 'Upgrade', 'Connection'), one('100-continue', '200-ok', 'websocket', 'h2c', 'upgrade')),
  fc.tuple(
    one('Origin', 'Sec-Fetch-Site', 'X-HTTP-Method-Override', 'X-Request-Id'),
    one('null', 'cross-site', 'DELETE', 'a b'),
  ),
  fc.tuple(one('Header with space', 'X\0Y', '', 'A'.repeat(300)), junk),
);
const method = one(
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'PROPFIND',
  'get',
  'BREW',
);
const body = one(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '--\r\n\r\n',
  'username=a&password=b',
  '0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
);
const requestBytes = fc
  .tuple(method, target, fc.array(header, { maxLength: 5 }), body)
  .map(([verb, path, headers, content]) => {
    const hasHost = headers.some(([name]) => name === 'Host');
    const lines = [
      `${verb} ${path} HTTP/1.1`,
      ...(hasHost ? [] : ['Host: 127.0.0.1']),
      ...headers.map((pair) => pair.join(': ')),
      'Connection: close',
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${content}`, 'latin1');
  });

describe('whatever bytes come as a request without the right credentials', () => {
  it('they are answered with a refusal at most, and nothing of the private image', async () => {
    await fc.assert(
      fc.asyncProperty(requestBytes, async (bytes) => {
        const told = await tell(bytes);
        const asked = bytes.toString('latin1');
        const statuses = [...told.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
        expect([asked, statuses.filter((status) => status >= 500)]).toEqual([asked, []]);
        const unasked = told.split('\n').filter((line) => !line.includes('next=') && !asked.includes(line.trim()));
        // Its own words may come back in a refusal, but no byte of the index, the package or its fields.
        expect(unasked.join('\n')).not.toMatch(/secretpkg for tests|P:secretpkg|test-only-2048|\x1f\x8b/);
        // And no header of the caller's making.
        expect(told).not.toMatch(/^X: ?1\r?$/m);
      }),
      { numRuns: 1000 },
    );
    const { status } = await fetch(`${gateway.url}/healthz`);
    expect(status).toBe(200);
    expect(gateway.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 300_000);
});
