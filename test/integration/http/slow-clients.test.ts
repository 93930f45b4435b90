import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { listen, type ListenOptions } from '../../../src/http/listen.ts';
import type { Repositories } from '../../../src/repository/service/repositories.ts';
import { aFoundPackage, aPushService, aWholeEdge, silentLog } from '../../unit/http/an-edge.ts';

const base = '/apk/user/image/edge/main';
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function serve(service: Partial<Repositories>, listening: Partial<ListenOptions>): Promise<number> {
  const clock = { now: () => Date.now() };
  const server = await listen(aWholeEdge(service), { log: silentLog(), clock }, { port: 0, ...listening });
  ends.push(() => server.close({ drainTimeoutMs: 0 }));
  return server.port;
}

/** A connection that sends this and then does what the test says. */
function speak(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  ends.push(() => Promise.resolve(void socket.destroy()));
  return socket;
}

/** All that comes until the server hangs up. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

describe('a client', () => {
  it('that never ends its headers is told so and hung up on', async () => {
    const port = await serve({}, { headersTimeoutMs: 200 });
    const socket = speak(port, `GET ${base}/x86_64/APKINDEX.tar.gz HTTP/1.1\r\nHost: h\r\n`);
    // A line now and then is no progress.
    const drip = setInterval(() => socket.write('X-More: 1\r\n'), 50);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
  });

  it('that sends a body byte by byte is hung up on when its time is up, and its upload is cancelled', async () => {
    const { begin, record } = aPushService();
    const port = await serve({ begin }, { requestTimeoutMs: 400, headersTimeoutMs: 200, idleTimeoutMs: 60_000 });
    const socket = speak(port, `PUT ${base}/push HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n`);
    const drip = setInterval(() => socket.write('\x1f'), 50);
    await untilClosed(socket);
    clearInterval(drip);
    await expect.poll(() => record.events.at(-1)).toBe('cancel user/image edge/main');
  });

  it('that never reads its answer is hung up on, and what it was to get is let go', async () => {
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const found = aFoundPackage('', { size: 1e12, open: () => Promise.resolve(source) });
    const port = await serve({ findPackage: () => Promise.resolve(found) }, { idleTimeoutMs: 300 });
    const socket = speak(port, `GET ${base}/x86_64/large-1.0-r0.apk HTTP/1.1\r\nHost: h\r\n\r\n`);
    socket.pause();
    await expect.poll(() => source.destroyed, { timeout: 10_000 }).toBe(true);
  });

  it('that asks nothing more is hung up on', async () => {
    const port = await serve({}, { keepAliveTimeoutMs: 200 });
    const answer = await untilClosed(speak(port, 'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it('that connects and says nothing is hung up on', async () => {
    const port = await serve({}, { headersTimeoutMs: 200, idleTimeoutMs: 300 });
    expect(await untilClosed(speak(port, ''))).toMatch(/^(HTTP\/1.1 408 |$)/);
  });
});
