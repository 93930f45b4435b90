import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { GivenSettings } from '../../../src/config/settings.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry } from '../../support/private-registry.ts';

const everything = ['pull', 'push', 'delete'] as const;
const index = '/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz';
const as = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const alice = as('alice', 'alice-pw');

let registry: PrivateRegistry;
beforeAll(async () => {
  registry = await startPrivateRegistry({
    alice: { password: 'alice-pw', images: { '*': everything } },
    bob: { password: 'bob-pw', images: { '*': everything } },
    eve: { password: 'eve-pw', images: { 'eve/own': everything } },
  });
});
afterAll(() => registry.stop());

async function aGateway(settings: GivenSettings) {
  const gateway = await startGateway({ store: { registry: registry.host }, settings });
  onTestFinished(() => gateway.stop());
  const ask = async (path: string, headers: Record<string, string> = {}, more: RequestInit = {}) => {
    const answer = await fetch(`${gateway.url}${path}`, { redirect: 'manual', headers, ...more });
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
  };
  const body = anApk({ name: 'hello', version: '1.0-r0' });
  const push = (headers: Record<string, string>) =>
    ask('/apk/team/app/edge/main/push?if-exists=skip', headers, { method: 'PUT', body });
  expect([200, 201]).toContain((await push(alice)).status);
  return { gateway, ask, push };
}

const statuses = async (count: number, ask: (i: number) => Promise<{ readonly status: number }>) => {
  const seen: number[] = [];
  for (let i = 0; i < count; i += 1) seen.push((await ask(i)).status);
  return seen;
};

describe('an address whose credentials are refused', () => {
  const ways: Record<string, (i: number, tools: Awaited<ReturnType<typeof aGateway>>) => Promise<{ status: number }>> =
    {
      'reading an index': (i, { ask }) => ask(index, as('alice', `guess-${i}`)),
      'a login': (i, { ask }) => ask('/_auth/login', as('alice', `guess-${i}`)),
      'the list of images': (i, { ask }) => ask('/_images', as('alice', `guess-${i}`)),
      'a package': (i, { ask }) => ask('/apk/team/app/edge/main/x86_64/hello-1.0-r0.apk', as(`user-${i}`, 'x')),
      'a push': (i, { push }) => push(as('alice', `guess-${i}`)),
      'a delete': (i, { ask }) =>
        ask('/apk/team/app/edge/main/x86_64/hello-1.0-r0.apk', as('alice', `guess-${i}`), { method: 'DELETE' }),
      'all of them in turn': (i, { ask }) =>
        ask([index, '/_auth/login', '/_packages/apk/team/app', '/_repositories/team/app'][i % 4]!, as('x', `${i}`)),
    };

  it.each(Object.entries(ways))('has to wait, by way of %s, and the registry is spared', async (_way, guess) => {
    const tools = await aGateway({ 'max-refusals': '5' });
    expect(await statuses(5, (i) => guess(i, tools))).toEqual([401, 401, 401, 401, 401]);
    const asked = registry.seen.length;
    expect(await statuses(10, (i) => guess(100 + i, tools))).toEqual(Array(10).fill(429));
    expect(registry.seen.length).toBe(asked);
    // The right password is no way to find out that it is the right one, either.
    const { status, retryAfter, text } = await tools.ask(index, as('bob', 'bob-pw'));
    expect(status).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(Number(retryAfter)).toBeLessThanOrEqual(12);
    expect(text).not.toMatch(/bob|team/);
  });

  it('has to wait at the login form too', async () => {
    const { ask } = await aGateway({ 'max-refusals': '3' });
    const logIn = (password: string) =>
      ask(
        '/_auth/login',
        { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
        { method: 'POST', body: `username=alice&password=${password}` },
      );
    expect(await statuses(3, (i) => logIn(`guess-${i}`))).toEqual([403, 403, 403]);
    expect((await logIn('guess')).status).toBe(429);
    expect((await logIn('alice-pw')).status).toBe(429);
  });

  it('keeps nobody out who was let in before, nor who asks without credentials', async () => {
    const { ask, push } = await aGateway({ 'max-refusals': '3' });
    expect((await ask(index, alice)).status).toBe(200);
    await statuses(5, (i) => ask(index, as('alice', `guess-${i}`)));
    expect((await ask(index, as('alice', 'guess'))).status).toBe(429);
    expect((await ask(index, alice)).status).toBe(200);
    expect((await push(alice)).status).toBe(200);
    expect((await ask(index)).status).toBe(401);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('is not believed by what it could read elsewhere: each image, and each right, is proved by itself', async () => {
    const { ask } = await aGateway({ 'max-refusals': '3' });
    const eve = as('eve', 'eve-pw');
    expect((await ask('/_packages/apk/eve/own', eve)).status).toBe(200);
    await statuses(3, (i) => ask(index, as('alice', `guess-${i}`)));
    expect((await ask('/_packages/apk/eve/own', eve)).status).toBe(200);
    expect((await ask('/_packages/apk/team/app', eve)).status).toBe(429);
    expect((await ask('/apk/eve/own/edge/main/push', eve, { method: 'PUT', body: 'x' })).status).toBe(429);
  });

  it('can send no more guesses at once than one after the other', async () => {
    const { ask } = await aGateway({ 'max-refusals': '5' });
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(index, as('alice', `guess-${i}`))));
    expect(all.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10);
    expect(all.filter(({ status }) => status !== 401).every(({ status }) => status === 429)).toBe(true);
  });

  it('is not to blame for one pusher who comes in many requests at once', async () => {
    const { ask } = await aGateway({ 'max-refusals': '2' });
    const all = await Promise.all(Array.from({ length: 50 }, () => ask(index, as('bob', 'bob-pw'))));
    expect(all.every(({ status }) => status === 200)).toBe(true);
  });

  it('is the one that a trusted proxy names, and no other', async () => {
    const { ask } = await aGateway({ 'max-refusals': '2', 'trusted-proxy': ['127.0.0.1'] });
    const from = (address: string, password: string) =>
      ask(index, { ...as('alice', password), 'x-forwarded-for': address });
    await statuses(3, (i) => from('203.0.113.7', `guess-${i}`));
    expect((await from('203.0.113.7', 'guess')).status).toBe(429);
    // What is written before the proxy's own entry is the caller's word.
    expect((await from('198.51.100.1, 203.0.113.7', 'guess')).status).toBe(429);
    expect((await from('203.0.113.8', 'guess')).status).toBe(401);
  });

  it('can name itself as it likes where no proxy is trusted: it is one address all the same', async () => {
    const { ask } = await aGateway({ 'max-refusals': '2' });
    const from = (address: string, password: string) =>
      ask(index, { ...as('alice', password), 'x-forwarded-for': address });
    expect(await statuses(4, (i) => from(`203.0.113.${i}`, `guess-${i}`))).toEqual([401, 401, 429, 429]);
  });

  it('is let go on after a while, and is never stopped where that is set', async () => {
    const patient = await aGateway({ 'max-refusals': '60' });
    await statuses(60, (i) => patient.ask(index, as('alice', `guess-${i}`)));
    // One comes back each second.
    await expect
      .poll(async () => (await patient.ask(index, as('alice', 'later'))).status, { interval: 200, timeout: 20_000 })
      .toBe(401);
    const open = await aGateway({ 'max-refusals': '0' });
    expect(await statuses(40, (i) => open.ask(index, as('alice', `guess-${i}`)))).toEqual(Array(40).fill(401));
  });
});

describe('an address that asks too much', () => {
  it('has to wait, whatever it asks for but health', async () => {
    const { ask } = await aGateway({ 'rate-limit': '1' });
    // One push has gone before.
    const seen = await statuses(20, (i) => ask(i % 2 === 0 ? index : '/openapi.json', alice));
    expect(seen.slice(0, 9)).toEqual(Array(9).fill(200));
    expect(seen.at(-1)).toBe(429);
    const { status, retryAfter } = await ask(index, alice);
    expect([status, Number(retryAfter) > 0]).toEqual([429, true]);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('may ask as much as it likes where nothing is set', async () => {
    const { ask } = await aGateway({});
    const all = await Promise.all(Array.from({ length: 300 }, () => ask(index, alice)));
    expect(all.every(({ status }) => status === 200)).toBe(true);
  });
});
