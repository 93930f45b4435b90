import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from '../../../src/cli/lkar/http/http-client.ts';
import { readText } from '../../../src/cli/lkar/http/gateway-answer.ts';
import { proxiesOf } from '../../../src/config/proxies.ts';

it.each([
  [{}, { httpProxy: '', httpsProxy: '' }],
  [{ HTTP_PROXY: 'http://p:1' }, { httpProxy: 'http://p:1', httpsProxy: '' }],
  [{ HTTPS_PROXY: 'p.example.org:3128' }, { httpsProxy: 'http://p.example.org:3128' }],
  [{ HTTP_PROXY: 'http://p:1', http_proxy: '' }, { httpProxy: '' }],
  [{ NO_PROXY: '*' }, { noProxy: '*' }],
  [{ NO_PROXY: '.example.org' }, { noProxy: '.example.org,localhost,127.0.0.1,[::1]' }],
])('the variables %j name these proxies: %j', (environment, proxies) => {
  expect(proxiesOf(environment)).toMatchObject(proxies);
});

it('a proxy that is no URL is refused by the name of its variable, without a password', () => {
  const refusal = () => proxiesOf({ HTTPS_PROXY: 'socks5://me:secret@p:1' });
  expect(refusal).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(refusal).toThrow(/HTTPS_PROXY/);
  expect(refusal).not.toThrow(/secret/);
});

it('plain HTTP is asked of the proxy itself, this machine directly', async () => {
  const proxy = createServer((asked, answer) => answer.end(`${asked.method} ${asked.url}`)).listen(0, '127.0.0.1');
  const gateway = createServer((asked, answer) => answer.end(`direct ${asked.url}`)).listen(0, '127.0.0.1');
  await Promise.all([once(proxy, 'listening'), once(gateway, 'listening')]);
  onTestFinished(() => {
    proxy.close();
    gateway.close();
  });
  const urlOf = (server: typeof proxy) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = createHttpClient({ proxies: proxiesOf({ HTTP_PROXY: urlOf(proxy) }) });
  const textAt = async (url: string) => readText((await http.send({ method: 'GET', url: new URL(url) })).body, 1000);
  expect(await textAt('http://apk.example.org/a')).toBe('GET http://apk.example.org/a');
  expect(await textAt(`${urlOf(gateway)}/b`)).toBe('direct /b');
  await http.close();
});
