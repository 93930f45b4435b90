import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../support/an-apk.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway.ts';
import { startLocalServer } from '../support/local-server.ts';
import { findOnPath, registryProgram, startRegistry, untilAnswering } from '../support/registry.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const mebibyte = 2 ** 20;
const nginx = findOnPath('nginx');
const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

type Break = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** What may happen to the first put of a package's content. */
const breaks: readonly [string, Break][] = [
  [
    'is reset',
    (incoming) => {
      incoming.once('data', () => incoming.destroy());
    },
  ],
  [
    'is answered 503 before its end',
    (incoming, outgoing) => {
      outgoing.writeHead(503, { connection: 'close' }).end();
      incoming.resume();
    },
  ],
  ['is answered 503 after its end', afterAll(503, '')],
  ['has lost its session', afterAll(404, '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')],
  [
    'is too large for a proxy',
    (incoming, outgoing) => {
      outgoing.writeHead(413, { connection: 'close' }).end();
      incoming.resume();
    },
  ],
];

describe.skipIf(isMissing)(`a package${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  describe.each([3, 20])('of %i MiB', (size) => {
    it.each(breaks)('is sent again where its upload %s', async (_how, breakIt) => {
      const registry = await aRegistry();
      const host = await aFrontEnd(registry, onFirstContent(breakIt));
      await expectToPublish(host, size);
    });

    it.skipIf(nginx === undefined)(
      `goes in pieces through an nginx that takes 5 MiB at once${nginx === undefined ? ' (nginx is missing)' : ''}`,
      async () => {
        await expectToPublish(await anNginx(await aRegistry()), size);
      },
    );
  });
});

async function expectToPublish(registryHost: string, size: number): Promise<void> {
  const gateway = await startGateway({ store: { registry: registryHost } });
  onTestFinished(() => gateway.stop());
  const bytes = anApk({ name: 'large', version: '1-r0', dataBytes: size * mebibyte });
  const pushed = await request(`${gateway.url}/team/app/edge/main/push`, { method: 'PUT', body: bytes });
  expect([pushed.statusCode, await pushed.body.text()]).toEqual([201, expect.anything()]);
  const { body } = await request(`${gateway.url}/team/app/edge/main/x86_64/large-1-r0.apk`);
  expect(Buffer.from(await body.arrayBuffer()).equals(bytes)).toBe(true);
}

async function aRegistry(): Promise<string> {
  const registry = await startRegistry();
  onTestFinished(() => registry.stop());
  return registry.host;
}

/** A front end that passes everything on but what `handle` answers by itself. */
async function aFrontEnd(registry: string, handle: (incoming: IncomingMessage) => Break | undefined): Promise<string> {
  const server = await startLocalServer((incoming, outgoing) => {
    const own = handle(incoming);
    if (own !== undefined) own(incoming, outgoing);
    else passOn(registry, incoming, outgoing);
  });
  onTestFinished(() => server.stop());
  return server.host;
}

function passOn(registry: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [hostname, port] = registry.split(':');
  const { method, url, headers } = incoming;
  const passed = httpRequest({ hostname, port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.once('error', () => outgoing.destroy());
  incoming.pipe(passed);
}

function isContent({ method, headers }: IncomingMessage): boolean {
  return method === 'PUT' && Number(headers['content-length']) > mebibyte;
}

function onFirstContent(breakIt: Break): (incoming: IncomingMessage) => Break | undefined {
  let isBroken = false;
  return (incoming) => {
    if (isBroken || !isContent(incoming)) return undefined;
    isBroken = true;
    return breakIt;
  };
}

function afterAll(status: number, body: string): Break {
  return (incoming, outgoing) => {
    incoming.resume().once('end', () => outgoing.writeHead(status).end(body));
  };
}

async function anNginx(registry: string): Promise<string> {
  const folder = await makeTempDir();
  const host = `127.0.0.1:${await freePort()}`;
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  const site = `server { listen ${host}; client_max_body_size 5m; location / { proxy_pass http://${registry}; proxy_set_header Host $http_host; } }`;
  const config = path.join(folder.path, 'nginx.conf');
  await writeFile(
    config,
    `user root; daemon off; pid pid; error_log stderr; events {}\nhttp { access_log off; ${temp.join(' ')}\n${site}\n}`,
  );
  const child = spawn(nginx!, ['-p', folder.path, '-e', 'stderr', '-c', config], { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await folder.remove();
  });
  await untilAnswering(child, `http://${host}/`);
  return host;
}
