import { Agent, get as httpGet } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import {
  startPrivateRegistry,
  type PrivateRegistry,
  type RegistryManner,
  type RegistryUser,
} from '../../support/private-registry.ts';
import { fault } from '../../support/scripted-registry.ts';

const rightsTtlMs = 1000;
const paths = [
  '/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz',
  '/apk/team/app/edge/main/x86_64/hello-1.0-r0.apk',
  '/apk/team/app/edge/main/hello-1.0-r0.apk',
  '/team/app/edge/main/x86_64/hello-1.0-r0.apk',
  '/apk/team/app/edge/main/key',
  '/apk/team/app/key',
  '/apk/team/app/edge/main/test-only-2048.rsa.pub',
  '/apk/team/app/edge/main/jwks.json',
  '/apk/team/app/edge/main/setup',
  '/apk/team/app/edge/main/status.json',
  '/apk/team/app/edge/main/packages.json',
  '/apk/team/app/edge/main/feed.atom',
  '/_packages/apk/team/app',
  '/_packages/apk/team/app?branch=edge&repo=main',
  '/_repositories/team/app',
  '/_auth/team/app/login',
];
const pages = [
  '/_images/team/app',
  '/apk/team/app/edge/main',
  '/apk/team/app/edge/main/',
  '/apk/team/app/edge/main?q=hello',
  '/apk/team/app/edge/main?package=hello',
  '/apk/team/app/edge/main?package=hello&view=files',
  '/apk/team/app/edge/main?package=hello&view=depends',
  '/apk/team/app/edge/main?package=hello&view=download&file=usr%2Fshare%2Fhello%2Fabout',
  '/apk/team/app/edge/main/feed.atom',
];
const configuration = '/apk/team/app/edge/main/apk-configuration';

const people = (): Record<string, RegistryUser> => ({
  alice: { password: 'alice-pw', images: { 'team/app': ['pull', 'push', 'delete'] } },
  bob: { password: 'bob-pw', images: { 'bob/own': ['pull', 'push', 'delete'] } },
  carol: { password: 'carol-pw', images: { 'team/app': ['pull'] } },
  dave: { password: 'dave-pw', images: { 'team/app': ['pull'] } },
  '': { password: '', images: {} },
});
const as = (user: string, password = `${user}-pw`) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

const manners: readonly (readonly [string, RegistryManner])[] = [
  ['with a token service', {}],
  ['whose token service refuses who has no right', { refusesEmptyToken: true }],
  ['with Basic', { auth: 'basic' }],
];

describe.each(manners)('before a registry %s', (_name, manner) => {
  let registry: PrivateRegistry;
  let gateway: TestGateway;
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${gateway.url}${path}`, { method, headers, redirect: 'manual' });

  beforeAll(async () => {
    registry = await startPrivateRegistry(people(), manner);
    const settings = { 'rights-ttl': `${rightsTtlMs}ms`, freshness: '100ms' };
    gateway = await startGateway({ store: { registry: registry.host }, settings });
    const body = anApk({ name: 'hello', version: '1.0-r0' });
    const pushed = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, {
      method: 'PUT',
      headers: as('alice'),
      body,
    });
    expect([pushed.status, await pushed.text()]).toEqual([201, expect.anything()]);
    // All of it is in memory now.
    for (const path of paths) expect([path, (await get(path, as('alice'))).status]).toEqual([path, 200]);
  });
  afterAll(async () => {
    await gateway.stop();
    await registry.stop();
  });

  it.each(paths)('%s is for those who may read, whoever read it before', async (path) => {
    expect((await get(path, as('carol'))).status).toBe(200);
    for (const method of ['GET', 'HEAD']) {
      expect((await get(path, as('bob'), method)).status).toBe(403);
      expect((await get(path, as('alice', 'wrong'), method)).status).toBe(401);
      expect((await get(path, as('nobody'), method)).status).toBe(401);
      const anonymous = await get(path, {}, method);
      expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Basic/),
      ]);
      expect([401, 403]).toContain((await get(path, { authorization: 'Bearer e30.e30.c2ln' }, method)).status);
    }
  });

  it('each request of one connection is judged by its own credentials', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const status = (path: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = httpGet(`${gateway.url}${path}`, { agent, headers }, (answer) => {
          answer.resume().once('end', () => {
            resolve(answer.statusCode);
          });
        });
        request.once('socket', (socket) => sockets.add(socket)).once('error', reject);
      });
    for (const path of paths.slice(0, 2)) {
      for (const [headers, expected] of [
        [as('alice'), 200],
        [as('bob'), 403],
        [as('alice'), 200],
        [as('alice', 'wrong'), 401],
        [{}, 401],
        [as('carol'), 200],
      ] as const) {
        expect(await status(path, headers)).toBe(expected);
      }
    }
    agent.destroy();
    expect(sockets.size).toBe(1);
  });

  it('key discovery is hidden from who may not read', async () => {
    expect((await get(configuration, as('carol'))).status).toBe(200);
    expect((await get(configuration, as('bob'))).status).toBe(403);
    expect((await get(configuration)).status).toBe(404);
  });

  it('a condition or a range is no way round', async () => {
    const headers = (await get(paths[0]!, as('alice'))).headers;
    const conditions = { 'if-none-match': headers.get('etag') ?? '', range: 'bytes=0-1' };
    expect((await get(paths[0]!, { ...as('bob'), ...conditions })).status).toBe(403);
    expect((await get(paths[1]!, { ...as('bob'), ...conditions })).status).toBe(403);
    expect((await get(paths[1]!, conditions)).status).toBe(401);
  });

  it.each([...paths, configuration])(
    '%s tells who may not read nothing that it does not tell of an image that never was',
    async (path) => {
      const nowhere = path.replace('team/app', 'team/none');
      for (const headers of [as('bob'), {}, as('alice', 'wrong')] as Record<string, string>[]) {
        for (const accept of ['text/plain', 'application/json']) {
          const [real, unreal] = await Promise.all([path, nowhere].map((one) => get(one, { ...headers, accept })));
          const told = async (answer: Response, image: string) => ({
            status: answer.status,
            body: (await answer.text()).replaceAll(image, 'IMAGE'),
            headers: [...answer.headers.entries()].filter(
              ([name]) => !/^(x-request-id|date|content-length)$/.test(name),
            ),
          });
          const seen = await told(real!, 'team/app');
          expect(seen).toEqual(await told(unreal!, 'team/none'));
          expect(JSON.stringify(seen)).not.toMatch(/hello|test-only/);
        }
      }
    },
  );

  it.each(pages)('the page %s shows who may not read nothing, not even whether there is something', async (path) => {
    const accept = 'text/html,application/xhtml+xml';
    // Whoever may read has seen it, so that it is in memory.
    expect((await get(path, { ...as('alice'), accept })).status).toBeLessThan(400);
    for (const headers of [as('bob'), {}, as('alice', 'wrong')] as Record<string, string>[]) {
      const told = async (asked: string, image: string) => {
        const answer = await get(asked, { ...headers, accept });
        const escaped = encodeURIComponent(image);
        const text = `${await answer.text()} ${answer.headers.get('location') ?? ''}`;
        return { status: answer.status, text: text.replaceAll(image, 'IMAGE').replaceAll(escaped, 'IMAGE') };
      };
      const seen = await told(path, 'team/app');
      expect(seen.status).not.toBe(200);
      expect(seen).toEqual(await told(path.replace('team/app', 'team/none'), 'team/none'));
      expect(seen.text.replaceAll(/(package|q)(=|%3D)hello|share(%2F|%252F)hello/g, '')).not.toMatch(/hello|test-only/);
    }
  });

  it('a change needs the right to it, and is refused alike for what is there and what is not', async () => {
    for (const [who, status] of [
      ['bob', 403],
      ['carol', 403],
      ['nobody', 401],
    ] as const) {
      for (const image of ['team/app', 'team/none']) {
        const push = await fetch(`${gateway.url}/apk/${image}/edge/main/push`, {
          method: 'PUT',
          headers: as(who),
          body: 'x',
        });
        expect([who, image, push.status]).toEqual([who, image, status]);
      }
      expect((await get(paths[1]!, as(who), 'DELETE')).status).toBe(status);
    }
    expect((await get(paths[1]!, as('alice'))).status).toBe(200);
  });

  it('who may only read is never asked for the body of a push', async () => {
    const { port } = new URL(gateway.url);
    const head = [
      'PUT /apk/team/app/edge/main/push HTTP/1.1',
      'Host: x',
      `Authorization: ${as('carol').authorization}`,
    ];
    const before = registry.seen.length;
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`${[...head, 'Content-Length: 100000000', 'Expect: 100-continue'].join('\r\n')}\r\n\r\n`);
    let told = '';
    for await (const chunk of socket) {
      told += String(chunk);
      if (/\r\n\r\n/.test(told)) break;
    }
    expect(told).toMatch(/^HTTP\/1\.1 403 /);
    expect(registry.seen.slice(before).filter(({ method }) => method === 'PUT' || method === 'PATCH')).toEqual([]);
  });

  it('who is shut out reads no longer than --rights-ttl', async () => {
    const dave = registry.users['dave']!;
    for (const path of paths) expect((await get(path, as('dave'))).status).toBe(200);
    registry.users['dave'] = { ...dave, password: 'another' };
    await sleep(rightsTtlMs + 50);
    for (const path of paths) expect([path, (await get(path, as('dave'))).status]).toEqual([path, 401]);
    registry.users['dave'] = { ...dave, images: {} };
    await sleep(rightsTtlMs + 50);
    for (const path of paths) expect([path, (await get(path, as('dave'))).status]).toEqual([path, 403]);
  });
});

it('that a registry forbids to replace an index is told only to those who may push', async () => {
  const registry = await startPrivateRegistry(people(), {
    before: ({ method, path }) =>
      method === 'PUT' && path.includes('/manifests/index-')
        ? fault(400, 'TAG_INVALID', 'tag is immutable')
        : undefined,
  });
  const gateway = await startGateway({ store: { registry: registry.host } });
  const push = async (user: string) => {
    const body = anApk({ name: 'hello', version: '1.0-r0' });
    const answer = await fetch(`${gateway.url}/apk/team/app/edge/main/push`, {
      method: 'PUT',
      headers: as(user),
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  expect(await push('alice')).toEqual({ status: 403, text: expect.stringContaining('index-*') as string });
  expect(await push('alice')).toEqual({ status: 403, text: expect.stringContaining('index-*') as string });
  expect(await push('bob')).toEqual({ status: 403, text: expect.not.stringContaining('index-*') as string });
  await gateway.stop();
  await registry.stop();
});
