import { expect, it } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import { aKey, anEdge, anIndex } from '../an-edge.ts';

const base = '/apk/user/image/edge/main';
const authorization = `Basic ${btoa('alice:secret')}`;
const key = aKey('k.rsa.pub');

const working = anEdge({
  keys: () => Promise.resolve([key]),
  list: () => Promise.resolve([]),
  repositories: () => Promise.resolve([]),
  images: () => Promise.resolve({ names: [], isComplete: true }),
  openIndex: () => Promise.resolve(anIndex()),
});

it.each([
  `${base}/key`,
  `${base}/k.rsa.pub`,
  `${base}/jwks.json`,
  `${base}/apk-configuration`,
  '/_packages/apk/user/image',
  '/_repositories/user/image',
  '/_images',
  `${base}/x86_64/APKINDEX.tar.gz`,
  '/openapi.json',
])('what credentials were shown for is kept by nobody else: %s', async (path) => {
  const shown = await working.request(path, { headers: { authorization } });
  expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
  const open = await working.request(path);
  expect([open.status, open.headers.get('cache-control')]).toEqual([200, 'no-cache']);
});

const fail = (code: ConstructorParameters<typeof GatewayError>[0]) => () =>
  Promise.reject(new GatewayError(code, 'a reason'));

it.each([
  [404, `${base}/none.rsa.pub`, 'GET'],
  [404, '/_nothing', 'GET'],
  [405, `${base}/key`, 'DELETE'],
  [400, '/apk/a%2fb/edge/main/key', 'GET'],
])('a refusal isn’t kept: %s', async (status, path, method) => {
  for (const accept of ['*/*', 'application/json', 'application/problem+json', 'text/html']) {
    const answer = await working.request(path, { method, headers: { accept } });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'no-store']);
  }
});

it.each([
  [401, 'UNAUTHORIZED'],
  [404, 'REPOSITORY_UNKNOWN'],
  [503, 'STORE_UNAVAILABLE'],
  [502, 'STORE_ANSWER_INVALID'],
] as const)('nor is %s of the service', async (status, code) => {
  const failing = anEdge({ openIndex: fail(code), keys: fail(code), list: fail(code) });
  for (const path of [`${base}/x86_64/APKINDEX.tar.gz`, `${base}/key`, '/_packages/apk/user/image']) {
    const answer = await failing.request(path);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'no-store']);
  }
});
