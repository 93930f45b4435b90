import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../../../src/http/api/operations.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { buildPrograms, runBin } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let gateway: TestGateway;
let folder: Awaited<ReturnType<typeof makeTempDir>>;
let host: string;
let end: () => Promise<void>;
const asked: { readonly method: string; readonly path: string }[] = [];

beforeAll(async () => {
  await buildPrograms();
  gateway = await startGateway();
  folder = await makeTempDir();
  const target = new URL(gateway.url);
  const recorder = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    asked.push({ method, path: new URL(url, gateway.url).pathname });
    const passed = forward({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  host = `127.0.0.1:${(recorder.address() as AddressInfo).port}`;
  end = async () => {
    recorder.close();
    recorder.closeAllConnections();
    await once(recorder, 'close');
  };
}, 120_000);
afterAll(async () => {
  await end();
  await gateway.stop();
  await folder.remove();
});

/** `{image}` may hold slashes, the others hold none. */
function isDocumented({ method, path: sent }: { readonly method: string; readonly path: string }): boolean {
  return operations().some(({ method: known, path: template }) => {
    const parts = template
      .split(/(\{\w+\})/)
      .map((part) => (part === '{image}' ? '.+' : /^\{/.test(part) ? '[^/]+' : part.replaceAll('.', '\\.')));
    return known.toUpperCase() === method && new RegExp(`^${parts.join('')}$`).test(sent);
  });
}

it('lkar asks for nothing that openapi.json does not tell of', { timeout: 120_000 }, async () => {
  await writeFile(path.join(folder.path, 'hello.apk'), anApk({ name: 'hello', version: '1.0-r0' }));
  await mkdir(path.join(folder.path, 'root'));
  const at = `${host}/team/app`;
  const file = 'edge/main/x86_64/hello-1.0-r0.apk';
  const commands = [
    ['login', at, '-u', 'me', '-p', 'secret'],
    ['login', host, '-u', 'me', '-p', 'secret'],
    ['push', at, 'edge', 'main', 'hello.apk', '--wait', host],
    ['ls', at],
    ['images', host],
    ['repositories', at],
    ['pull', at, file, '-o', 'fetched.apk'],
    ['setup', at, 'edge', 'main', '--root', 'root'],
    ['rm', at, file],
    ['logout', at],
  ];
  for (const command of commands) {
    const options = { cwd: folder.path, env: { DOCKER_CONFIG: path.join(folder.path, 'docker') } };
    expect(await runBin('lkar', command, options), command.join(' ')).toMatchObject({ exitCode: 0 });
  }
  expect(asked.length).toBeGreaterThan(commands.length - 2);
  expect(asked.filter((one) => !isDocumented(one))).toEqual([]);
});
