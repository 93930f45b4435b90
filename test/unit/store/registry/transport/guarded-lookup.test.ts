import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '../../../../../src/store/registry/transport/guarded-lookup.ts';

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });

/** A guard for a registry, and the addresses that a connection to a name would get, or the code of its refusal. */
function aGuard(registryHost: string, names: Record<string, string[]>) {
  const resolveName = (name: string) => Promise.resolve((names[name] ?? []).map(address));
  const guard = createAddressGuard({ resolveName }, registryHost);
  const connectTo = (name: string) =>
    new Promise((resolve) => {
      guard.lookup(name, { all: true }, (error, found) => {
        const addresses = typeof found === 'string' ? [found] : found.map((one) => one.address);
        resolve(error === null ? addresses : (error as { code?: string }).code);
      });
    });
  return { guard, connectTo };
}

const refused = 'STORE_ANSWER_INVALID';

describe('where a registry on the Internet points to', () => {
  const names: Record<string, string[]> = { 'registry.example': ['198.51.100.1'] };
  const { guard, connectTo } = aGuard('registry.example', names);

  it.each([
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['192.168.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['fd00::1'],
    ['fe80::1'],
    ['::ffff:10.0.0.1'],
    ['64:ff9b::a00:1'],
    ['0.0.0.0'],
  ])('no name leads to %s', async (hidden) => {
    names['cdn.example'] = [hidden];
    expect(await connectTo('cdn.example')).toBe(refused);
    await expect(
      guard.check(new URL(`http://${hidden.includes(':') ? `[${hidden}]` : hidden}/`)),
    ).rejects.toMatchObject({ code: refused });
  });

  it.each(['http://2130706433/', 'http://0x7f.1/', 'http://017700000001/', 'http://127.1/'])(
    '%s is the address that it stands for',
    async (url) => {
      await expect(guard.check(new URL(url))).rejects.toMatchObject({ code: refused });
    },
  );

  it('of several addresses the public ones are used, and no other', async () => {
    names['cdn.example'] = ['127.0.0.1', '203.0.113.5', 'fd00::1'];
    expect(await connectTo('cdn.example')).toEqual(['203.0.113.5']);
  });

  it('a name that changes its address between two requests is judged at each', async () => {
    names['cdn.example'] = ['203.0.113.5'];
    await guard.check(new URL('http://cdn.example/'));
    expect(await connectTo('cdn.example')).toEqual(['203.0.113.5']);
    names['cdn.example'] = ['127.0.0.1'];
    expect(await connectTo('cdn.example')).toBe(refused);
  });
});

it.each([
  ['10.0.0.7', '10.0.0.8', ['10.0.0.8']],
  ['10.0.0.7', '127.0.0.1', refused],
  ['10.0.0.7', '169.254.169.254', refused],
  ['127.0.0.1', '127.0.0.1', ['127.0.0.1']],
  ['127.0.0.1', '10.0.0.8', refused],
  ['127.0.0.1', '203.0.113.5', ['203.0.113.5']],
])('a registry at %s may point to %s: %j', async (own, other, expected) => {
  const { connectTo } = aGuard('registry.internal', { 'registry.internal': [own], 'blobs.internal': [other] });
  expect(await connectTo('blobs.internal')).toEqual(expected);
});
