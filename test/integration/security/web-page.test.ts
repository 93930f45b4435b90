import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk } from '../../support/an-apk.ts';
import { findChromium, startBrowser } from '../../support/browser.ts';
import { startLocalServer, type LocalServer } from '../../support/local-server.ts';
import { buildPrograms, startLkard, type RunningLkard } from '../../support/programs.ts';
import { registryProgram, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { keyFixture } from '../../support/signing-keys.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const executable = findChromium();
const isRegistryMissing = registryProgram() === undefined && process.env['CI'] !== 'true';
const place = '/apk/team/app/edge/main';
const name = 'www.attacker.example';
const html = { 'content-type': 'text/html' };
const named = (host: string) => host.replace(/^.*(?=:)/, name);

/** What a page may try. */
interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly mode?: 'no-cors';
}

const push = `${place}/push`;
const file = `${place}/x86_64/good-1-r0.apk`;
const attempts: readonly Attempt[] = [
  { method: 'PUT', path: push, headers: {} },
  { method: 'PUT', path: push, headers: { authorization: 'Basic Og==' } },
  { method: 'PUT', path: push, headers: { authorization: 'Basic eDp5' } },
  { method: 'POST', path: push, headers: { 'content-type': 'text/plain' }, mode: 'no-cors' },
  { method: 'DELETE', path: file, headers: {} },
  { method: 'DELETE', path: file, headers: { authorization: 'Basic Og==' } },
  { method: 'GET', path: `${place}/packages.json`, headers: {} },
  { method: 'GET', path: file, headers: {} },
];

// Without a browser these say so by being skipped: CHROMIUM or PATH names one.
describe.skipIf(executable === undefined)('a page of somebody else, in Chromium', () => {
  let browser: Browser;
  let folder: Awaited<ReturnType<typeof makeTempDir>>;
  let registry: TestRegistry | undefined;
  let strangers: LocalServer;

  beforeAll(async () => {
    await buildPrograms();
    folder = await makeTempDir();
    strangers = await startLocalServer((_incoming, outgoing) => outgoing.writeHead(200, html).end('<p>Welcome'));
    // What the stranger's name server says once the page is loaded.
    browser = await startBrowser(executable ?? '', `--host-resolver-rules=MAP ${name} 127.0.0.1`);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await strangers.stop();
    await registry?.stop();
    await folder.remove();
  });

  const gateways: readonly (readonly [string, () => Promise<readonly string[]>])[] = [
    ['the open embedded store', () => Promise.resolve(['--data', path.join(folder.path, 'open')])],
    [
      '--anonymous-as-gateway=write',
      async () => {
        registry = await startRegistry();
        return ['--backend', registry.host, '--no-https', '--anonymous-as-gateway', 'write'];
      },
    ],
  ];

  describe.each(gateways.slice(0, isRegistryMissing ? 1 : 2))('before %s', (_kind, flagsOf) => {
    let lkard: RunningLkard;

    beforeAll(async () => {
      lkard = await startLkard([...(await flagsOf()), '--signing-key', keyFixture('test-only-2048.rsa')]);
      const body = anApk({ name: 'good', version: '1-r0' });
      expect((await fetch(`${lkard.url}${push}`, { method: 'PUT', body })).status).toBe(201);
    });
    afterAll(async () => {
      await lkard.stop();
    });

    it('changes nothing and reads nothing under its own name', async () => {
      const answers = await attack(browser, `http://${named(strangers.host)}/`, `http://${lkard.host}`);
      expect(answers).toEqual(attempts.map(({ method, path: to }) => `${method} ${to} no answer`));
      // What a browser sends without asking came, and was refused.
      await expect.poll(() => lkard.output()).toMatch(/"method":"POST".*"status":403/);
      await expectUnchanged();
    });

    it('changes nothing and reads nothing once its name means the gateway (DNS rebinding)', async () => {
      const origin = `http://${named(lkard.host)}`;
      const answers = await attack(browser, `${origin}/`, origin);
      expect(answers).toEqual(attempts.map(({ method, path: to }) => `${method} ${to} 403`));
      await expectUnchanged();
    });

    const expectUnchanged = async () => {
      const listed = await (await fetch(`${lkard.url}${place}/packages.json`)).text();
      expect(['"good"', '"evil"'].map((one) => listed.includes(one))).toEqual([true, false]);
    };
  });
});

/** Has a page at `url` make all attempts; what each was answered, as far as the browser tells the page. */
async function attack(browser: Browser, url: string, asked: string): Promise<readonly string[]> {
  // The gateway's own page stands for the stranger's, whose rules for scripts would be the stranger's.
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(url);
    const evil = [...anApk({ name: 'evil', version: '1-r0' })];
    return await page.evaluate(
      async ({ tries, target, bytes }) => {
        const told: string[] = [];
        for (const { path: to, ...how } of tries) {
          const body = how.method === 'PUT' || how.method === 'POST' ? new Uint8Array(bytes) : null;
          const status = await fetch(target + to, { ...how, body }).then(
            (answer) => (answer.type === 'opaque' ? 'no answer' : String(answer.status)),
            () => 'no answer',
          );
          told.push(`${how.method} ${to} ${status}`);
        }
        return told;
      },
      { tries: attempts, target: asked, bytes: evil },
    );
  } finally {
    await context.close();
  }
}
