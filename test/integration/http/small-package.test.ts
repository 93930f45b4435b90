import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { startGateway } from '../../support/gateway.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const apk = anApk({ name: 'demo', version: '1.0-r0' });
const path = '/demo/edge/main/x86_64/demo-1.0-r0.apk';

async function aGateway(settings: Record<string, string> = {}) {
  const gateway = await startGateway({ settings });
  ends.push(() => gateway.stop());
  const pushed = await request(`${gateway.url}/demo/edge/main/push`, { method: 'PUT', body: apk });
  await pushed.body.dump();
  expect(pushed.statusCode).toBe(201);
  const answerTo = async (method: 'GET' | 'HEAD', headers: Record<string, string>) => {
    const { statusCode, headers: sent, body } = await request(`${gateway.url}${path}`, { method, headers });
    const { date, ...told } = sent;
    expect(date).toBeDefined();
    return { status: statusCode, headers: told, bytes: Buffer.from(await body.arrayBuffer()) };
  };
  const hits = async () => {
    const text = await (await request(`${gateway.url}/metrics`)).body.text();
    return Number(/lkard_package_cache_lookups_total\{result="hit"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  return { answerTo, hits };
}

const { etag, 'last-modified': date } = await validators();
const requests: readonly (readonly [string, 'GET' | 'HEAD', Record<string, string>, number])[] = [
  ['the whole', 'GET', {}, 200],
  ['its head', 'HEAD', {}, 200],
  ['a range', 'GET', { range: 'bytes=5-9' }, 206],
  ['its end', 'GET', { range: 'bytes=-7' }, 206],
  ['a range that is still current', 'GET', { range: 'bytes=5-9', 'if-range': etag }, 206],
  ['a range of something else', 'GET', { range: 'bytes=5-9', 'if-range': '"other"' }, 200],
  ['a range behind the end', 'GET', { range: 'bytes=9999999-' }, 416],
  ['what is known already', 'GET', { 'if-none-match': etag }, 304],
  ['what is known already, among others', 'HEAD', { 'if-none-match': `"x", W/${etag}` }, 304],
  ['what changed since another date', 'GET', { 'if-modified-since': `${date}x` }, 200],
];

describe('a small package', () => {
  it.each(requests)('asked for %s, is answered alike from memory and from the store', async (_what, ...rest) => {
    const [method, headers, status] = rest;
    // One answers without asking anything, one asks whether the index is the latest, one remembers no package at all.
    const [sure, asking, forgetful] = [
      await aGateway({ freshness: '1m' }),
      await aGateway({ freshness: '0s' }),
      await aGateway({ 'package-cache': '1' }),
    ];
    for (const remembering of [sure, asking]) await remembering.answerTo('GET', {});
    const before = [await sure.hits(), await asking.hits()] as const;
    const [read, ...known] = [
      await forgetful.answerTo(method, headers),
      await sure.answerTo(method, headers),
      await asking.answerTo(method, headers),
    ];
    // Each was pushed in a second of its own.
    for (const answer of [read, ...known]) delete (answer.headers as Record<string, unknown>)['last-modified'];
    for (const answer of known) expect(answer).toEqual(read);
    expect(read.status).toBe(status);
    if (method === 'GET' && status === 200) expect(read.bytes).toEqual(apk);
    if (status === 206) expect(apk.includes(read.bytes)).toBe(true);
    expect(await sure.hits()).toBe(before[0] + 1);
    expect(await asking.hits()).toBe(before[1] + (read.bytes.length > 0 && status < 300 ? 1 : 0));
    expect(await forgetful.hits()).toBe(0);
  });
});

async function validators() {
  const { answerTo } = await aGateway();
  return (await answerTo('HEAD', {})).headers as Record<'etag' | 'last-modified', string>;
}
