import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { outsideFetch } from '../../../src/gateway/outside-fetch.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { buildPrograms, startLkard } from '../../support/programs.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** An https server that only a proxy leads to, and that proxy. */
async function behindProxy() {
  const folder = await makeTempDir();
  ends.push(() => folder.remove());
  const { files } = await makeCertificate(folder.path);
  const tls = { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
  const port = await portOf(createTlsServer(tls, (request, response) => response.end(`keys at ${request.url}`)));
  const tunnels: string[] = [];
  const proxy = createHttpServer().on('connect', ({ url = '' }, socket) => {
    tunnels.push(url);
    const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    onward.pipe(socket).pipe(onward);
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  const proxyUrl = `http://127.0.0.1:${await portOf(proxy)}`;
  return { caFile: files.certificate, proxyUrl, tunnels };
}

const fetchFor = (environment: Readonly<Record<string, string>>) => outsideFetch(readConfig({}, environment).outside);
const url = 'https://outside.example.test/jwks';

it('an issuer’s keys are asked for through the proxy, and trusted by the authorities, that the environment names', async () => {
  const { caFile, proxyUrl, tunnels } = await behindProxy();
  const ask = await fetchFor({ HTTPS_PROXY: proxyUrl, SSL_CERT_FILE: caFile });
  expect(await (await ask(url)).text()).toBe('keys at /jwks');
  expect(tunnels).toEqual(['outside.example.test:443']);
});

it('an issuer whose certificate no authority signed isn’t believed behind a proxy either', async () => {
  const { proxyUrl } = await behindProxy();
  const ask = await fetchFor({ HTTPS_PROXY: proxyUrl });
  await expect(ask(url)).rejects.toThrow();
});

it('an issuer that NO_PROXY names is asked directly', async () => {
  const { caFile, proxyUrl, tunnels } = await behindProxy();
  const ask = await fetchFor({ HTTPS_PROXY: proxyUrl, SSL_CERT_FILE: caFile, NO_PROXY: '.example.test' });
  await expect(ask(url)).rejects.toThrow();
  expect(tunnels).toEqual([]);
});

it('a missing file of authorities is told', async () => {
  await expect(fetchFor({ SSL_CERT_FILE: '/nowhere.pem' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('the built program asks so too', { timeout: 120_000 }, async () => {
  await buildPrograms();
  const { caFile, proxyUrl, tunnels } = await behindProxy();
  const folder = await makeTempDir();
  ends.push(() => folder.remove());
  const policy = path.join(folder.path, 'policy.json');
  const rule = { issuer: 'https://outside.example.test', audience: 'lkard', subject: '*', images: ['**'] };
  await writeFile(policy, JSON.stringify({ publishers: [rule] }));
  const env = { HTTPS_PROXY: proxyUrl, SSL_CERT_FILE: caFile };
  const args = [
    '--data',
    folder.path,
    '--trusted-publishers',
    policy,
    '--signing-key',
    keyFixture('test-only-2048.rsa'),
  ];
  const lkard = await startLkard(args, { env });
  ends.push(() => lkard.stop());
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'ES256', kid: 'a' })}.${part({ iss: rule.issuer, sub: 'x', aud: 'lkard' })}.${'A'.repeat(86)}`;
  const authorization = `Bearer ${token}`;
  const answer = await fetch(`${lkard.url}/team/app/edge/main/push`, {
    method: 'PUT',
    body: 'x',
    headers: { authorization },
  });
  expect(answer.ok).toBe(false);
  expect(tunnels).toEqual(['outside.example.test:443']);
});
