import { describe, expect, it } from 'vitest';
import { WebExchange } from '../../../../src/http/exchange/web-exchange.ts';
import { aKey, anEdge } from '../an-edge.ts';

const base = '/apk/user/image/edge/main';
const forwarded = {
  'x-forwarded-proto': 'https, http',
  'x-forwarded-host': 'packages.example.org',
  'x-forwarded-prefix': '/alpine/',
};

/** The URL of the JWK set that a caller from that address is told. */
async function advertised(remoteAddress: string, trustedProxies: string[], headers: Record<string, string>) {
  const edge = anEdge({ keys: () => Promise.resolve([aKey('k.rsa.pub')]) }, { trustedProxies });
  const request = new Request(`http://gateway:9887${base}/apk-configuration`, { headers });
  const exchange = new WebExchange(request, { remoteAddress, setTimeout: () => undefined });
  const response = await edge.request(request, undefined, { exchange });
  return response.status === 200 ? ((await response.json()) as { jwks_uri: string }).jwks_uri : response.status;
}

describe('what a gateway is told of its own address', () => {
  it.each([
    ['10.1.2.3', ['10.0.0.0/8']],
    ['::ffff:10.1.2.3', ['10.0.0.0/8']],
    ['127.0.0.1', ['::1', '127.0.0.1']],
    ['fd00::7', ['fd00::/16']],
  ])('is believed of the proxy %s within %j', async (remote, trusted) => {
    expect(await advertised(remote, trusted, forwarded)).toBe(`https://packages.example.org/alpine${base}/jwks.json`);
  });

  it.each([
    ['10.1.2.3', []],
    ['11.1.2.3', ['10.0.0.0/8']],
    ['fd01::7', ['fd00::/16']],
  ])('is not believed of %s within %j', async (remote, trusted) => {
    expect(await advertised(remote, trusted, forwarded)).toBe(`http://gateway:9887${base}/jwks.json`);
  });

  it.each([
    { 'x-forwarded-proto': 'javascript' },
    { 'x-forwarded-prefix': "/'$(id)" },
    { 'x-forwarded-host': 'a b' },
    { 'x-forwarded-host': '127.0.0.1:99999' },
    { 'x-forwarded-host': '[::1' },
    { 'x-forwarded-host': '1.2.3.4.5' },
    { 'x-forwarded-prefix': '/a/../..' },
  ])('is refused where it could not stand in a URL: %j', async (headers) => {
    expect(await advertised('10.1.2.3', ['10.0.0.0/8'], headers)).toBe(400);
  });
});
