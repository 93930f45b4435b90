import { writeFile } from 'node:fs/promises';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { freePort } from '../../support/free-port.ts';
import { startLocalServer } from '../../support/local-server.ts';
import { buildPrograms, runBin, startLkard } from '../../support/programs.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { keyFixture } from '../../support/signing-keys.ts';

beforeAll(buildPrograms, 120_000);

/** What happens to a request on its way; the rest go through. */
type Mishap = 'answer lost' | 'busy' | 'cut in the body';

/** A gateway, and before it a front at which the next requests meet `mishaps`. */
async function aGatewayBehind(...mishaps: Mishap[]) {
  const folder = await makeTempDir();
  const lkard = await startLkard(['--data', folder.path, '--signing-key', keyFixture('test-only-2048.rsa')]);
  const front = await startLocalServer((asked, answer) => {
    const mishap = mishaps.shift();
    if (mishap === 'busy') {
      answer.writeHead(503, { 'Retry-After': '0', Connection: 'close' }).end('later');
    } else if (mishap === 'cut in the body') {
      asked.once('data', () => asked.socket.destroy());
    } else {
      forward(lkard.host, asked, answer, mishap === 'answer lost');
    }
  });
  onTestFinished(async () => {
    await front.stop();
    await lkard.stop();
    await folder.remove();
  });
  const file = path.join(folder.path, 'hello.apk');
  await writeFile(file, anApk({ name: 'hello', version: '1.0-r0' }));
  const lkar = (...args: string[]) => runBin('lkar', args, { env: { DOCKER_CONFIG: folder.path } });
  const at = `${front.host}/team/app`;
  return { lkar, at, mishaps, push: (...more: string[]) => lkar(...more, 'push', at, 'edge', 'main', file) };
}

function forward(host: string, asked: IncomingMessage, answer: ServerResponse, isLost: boolean): void {
  const { method, url, headers } = asked;
  const passed = request(`http://${host}${url ?? '/'}`, { method, headers }, (given) => {
    if (isLost) {
      given.resume().on('end', () => asked.socket.destroy());
      return;
    }
    answer.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(answer);
  });
  asked.pipe(passed);
}

describe('lkar tries again', { timeout: 60_000 }, () => {
  it('a push that a busy gateway refused, or that was cut in the middle', async () => {
    const { push } = await aGatewayBehind('busy', 'cut in the body');
    const pushed = await push();
    expect([pushed.exitCode, pushed.stdout]).toEqual([0, 'published edge/main/x86_64/hello-1.0-r0.apk\n']);
    expect(pushed.stderr).toMatch(/answered 503; trying again in .* s \(2 of 6\)\n[^]*trying again in .* \(3 of 6\)\n/);
  });

  it('a push whose answer was lost: its bytes are there already', async () => {
    const { push } = await aGatewayBehind('answer lost');
    const pushed = await push();
    expect([pushed.exitCode, pushed.stdout]).toEqual([0, 'already there edge/main/x86_64/hello-1.0-r0.apk\n']);
  });

  it('a removal whose answer was lost: that the file is gone is what was wanted', async () => {
    const { push, lkar, at, mishaps } = await aGatewayBehind();
    const remove = () => lkar('rm', at, 'edge/main/x86_64/hello-1.0-r0.apk');
    await push();
    mishaps.push('answer lost');
    expect(await remove()).toMatchObject({ exitCode: 0, stdout: 'removed edge/main/x86_64/hello-1.0-r0.apk\n' });
    expect((await remove()).exitCode).toBe(4);
  });

  it('not where it is told not to', async () => {
    const { push } = await aGatewayBehind('busy');
    const pushed = await push('--tries', '1');
    expect([pushed.exitCode, pushed.stdout]).toEqual([6, '']);
    expect(pushed.stderr).not.toContain('trying again');
  });

  it('a push during which the gateway is killed and started again', async () => {
    const folder = await makeTempDir();
    onTestFinished(() => folder.remove());
    const port = await freePort();
    const start = () =>
      startLkard([
        '--data',
        folder.path,
        '--signing-key',
        keyFixture('test-only-2048.rsa'),
        '--addr',
        `127.0.0.1:${port}`,
      ]);
    const file = path.join(folder.path, 'hello.apk');
    await writeFile(file, anApk({ name: 'hello', version: '1.0-r0' }));
    const first = await start();
    const pushing = runBin('lkar', ['push', `127.0.0.1:${port}/team/app`, 'edge', 'main', file]);
    await sleep(Math.random() * 400);
    await first.kill();
    const second = await start();
    onTestFinished(async () => {
      await second.stop();
    });
    expect(await pushing).toMatchObject({ exitCode: 0 });
    const index = await fetch(`${second.url}/team/app/edge/main/x86_64/hello-1.0-r0.apk`);
    expect(index.status).toBe(200);
  });
});
