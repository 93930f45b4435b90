import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** What the gateway answers to these very bytes, until it closes or stops talking. */
function tell(bytes: string | Buffer, isEnding = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let told = '';
    socket.setTimeout(1500, () => socket.destroy());
    socket.on('data', (chunk) => {
      told += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(told);
    });
    if (isEnding) socket.end(bytes);
    else socket.write(bytes);
  });
}
const request = (line: string, ...headers: string[]) =>
  `${[line, 'Host: 127.0.0.1', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;

it.each([
  '/apk/team/app/edge/main/x86_64/../../../../../etc/passwd',
  '/apk/team/app/edge/main/x86_64/%2e%2e%2f%2e%2e%2fsecret.apk',
  '/apk/team/app/edge/..%2fmain/x86_64/a-1.apk',
  '/apk/team/app/edge/main/x86_64/a%00b-1.apk',
  '/apk/team/app/edge/main/x86_64/a%0d%0aSet-Cookie:x-1.apk',
  '/apk/team%2fapp/edge/main/x86_64/APKINDEX.tar.gz',
  '/apk/te\u0430m/app/edge/main/x86_64/APKINDEX.tar.gz',
  '/apk/team/app/edge/main/x86_64/\uff0e\uff0e\uff0fa-1.apk',
  '/apk/team/app/%ff/main/x86_64/APKINDEX.tar.gz',
  'http://evil.example/apk/team/app/edge/main/x86_64/a-1.apk',
])('%s is refused with a reason, and nothing of it becomes a header', async (path) => {
  const told = await tell(Buffer.from(request(`GET ${path} HTTP/1.1`), 'latin1'));
  expect(told).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(told.split('\r\n\r\n')[0]).not.toMatch(/^set-cookie:/im);
});

it.each([
  ['of two lengths', 'Content-Length: 5', 'Content-Length: 6'],
  ['of a length and chunks', 'Content-Length: 5', 'Transfer-Encoding: chunked'],
  ['of a length that is no number', 'Content-Length: -1'],
  ['of a length beyond all numbers', 'Content-Length: 99999999999999999999999'],
])('a body %s is refused', async (_name, ...headers) => {
  const told = await tell(`${request('PUT /apk/team/app/edge/main/push HTTP/1.1', ...headers)}hello`);
  expect(told).toMatch(/^HTTP\/1\.1 4\d\d /);
});

it.each([
  ['hosts', 'Host: other.example'],
  ['callers', 'Authorization: Basic YTpi', 'authorization: Basic Yzpk'],
])('two %s are refused, at the short way and at the long one', async (_what, ...headers) => {
  for (const path of ['/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz', '/_packages/apk/team/app', '/healthz']) {
    expect(await tell(request(`GET ${path} HTTP/1.1`, ...headers))).toMatch(/^HTTP\/1\.1 400 [^]*more than one/);
  }
});

it('a body shorter than it says is no package, whatever came of it', async () => {
  const pkg = anApk({ name: 'hello', version: '1.0-r0' });
  const head = request('PUT /apk/team/app/edge/main/push HTTP/1.1', `Content-Length: ${pkg.length + 1}`);
  expect(await tell(Buffer.concat([Buffer.from(head), pkg]), true)).not.toMatch(/^HTTP\/1\.1 2/);
  const index = await fetch(`${gateway.url}/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz`);
  expect(index.status).toBe(404);
});

it('a body longer than it says ends where it says, and the rest is no request', async () => {
  const pkg = anApk({ name: 'hello', version: '1.0-r0' });
  const head = request('PUT /apk/team/app/edge/main/push HTTP/1.1', `Content-Length: ${pkg.length - 1}`);
  expect(await tell(Buffer.concat([Buffer.from(head), pkg]))).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});
