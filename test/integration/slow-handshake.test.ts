import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createHttpClient } from '../../src/cli/lkar/http/http-client.ts';
import { anyRegistryStore } from '../support/registry-store.ts';

// It lists one tag for whoever asks.
const listener = `
  require('node:http').createServer((incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"team/app","tags":["one"]}');
  }).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); });
`;

/** The port of a server whose handshakes take a second: it is stopped, with a full queue, until somebody has tried in vain. */
async function aSlowServer(): Promise<number> {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const queued: Socket[] = [];
  onTestFinished(() => {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
  });
  for (let i = 0; i < 16; i += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    queued.push(socket);
    const isIn = await Promise.race([once(socket, 'connect').then(() => true), sleep(200).then(() => false)]);
    if (!isIn) break;
  }
  setTimeout(() => child.kill('SIGCONT'), 500);
  return port;
}

/** A name with that server's address, and with one behind it where nobody listens. */
function nameOfBoth(): string {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.9', family: 4 },
  ];
  const lookup = (_name: string, _options: unknown, found: (error: null, all: typeof addresses) => void) => {
    found(null, addresses);
  };
  const spy = vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
  onTestFinished(() => {
    spy.mockRestore();
  });
  return 'registry.test';
}

describe.skipIf(process.platform !== 'linux')('an address whose handshake is slow, beside a dead one', () => {
  it('is waited for by the gateway', { timeout: 30_000 }, async () => {
    const store = anyRegistryStore(`${nameOfBoth()}:${await aSlowServer()}`, {}, { retry: { attempts: 1 } });
    expect(await store.image('team/app', { kind: 'anonymous' }).tags()).toEqual(['one']);
    await store.close();
  });

  it('is waited for by lkar', { timeout: 30_000 }, async () => {
    const client = createHttpClient();
    const url = new URL(`http://${nameOfBoth()}:${await aSlowServer()}/v2/team/app/tags/list`);
    expect((await client.send({ url, method: 'GET' })).status).toBe(200);
    await client.close();
  });
});
