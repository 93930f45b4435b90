import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPackages, pushPackages, type DemoPackage } from '../../../scripts/demo-packages.ts';
import { findChromium, openPage, startBrowser } from '../../support/browser.ts';
import { startGateway, startGatewayWithUsers, type TestGateway } from '../../support/gateway.ts';

const executable = findChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const base = '/apk/team/app/edge/main';
const nasty = '/apk/nasty/data/edge/main';
const longName = `long-${'name-that-goes-on-'.repeat(6)}end`;

const nastyPackages: readonly DemoPackage[] = [
  {
    ...{ name: longName, version: '1.2.3_git20240101120000-r1234', description: 'x'.repeat(900) },
    depends: [`${longName}-other>=1`, 'w'.repeat(200)],
    pkginfo: ['license = GPL-2.0-or-later AND LGPL-2.1-or-later AND MIT', `url = https://e.example/${'p'.repeat(300)}`],
  },
  { name: 'rtl', version: '1-r0', description: 'حزمة للاختبار مع نص من اليمين إلى اليسار' },
  {
    ...{ name: 'hub', version: '1-r0', depends: Array.from({ length: 250 }, (_, i) => `dep-${i}`) },
    provides: Array.from({ length: 250 }, (_, i) => `so:libhub-${i}.so.1=1`),
  },
  ...Array.from({ length: 30 }, (_, i) => ({ name: 'often', version: `1.${i}-r0`, dataBytes: 1000 * (i + 1) })),
  ...Array.from({ length: 60 }, (_, i) => ({ name: `user-${i}`, version: '1-r0', depends: ['hub'] })),
].map((spec) => ({ ...spec, place: 'nasty/data/edge/main' }));

/** Every page there is, as a visitor sees it, and those that only who is logged in sees. */
const visitorsPages = [
  ...['/', '/_images/team/app', '/_images/none', '/_search', '/_search?q=weather', '/_search?q=nothing-like-it'],
  ...[
    base,
    `${base}?q=none`,
    `${base}?arch=aarch64`,
    `${base}?package=weatherd`,
    `${base}?package=none`,
    '/none/at/all',
  ],
  ...[
    `${base}?package=weatherd&version=2.2.0-r0`,
    `${base}?package=weatherd&view=files`,
    '/_auth/login',
    '/_auth/logout',
  ],
  ...[nasty, `${nasty}?package=${longName}`, `${nasty}?package=rtl`, `${nasty}?package=often`, `${nasty}?package=hub`],
  ...[`${nasty}?package=hub&view=depends&page=3`, `${nasty}?package=often&view=versions`, '/_search?q=user'],
];
const usersPages = [
  `${base}?package=weatherd`,
  ...['delete', 'withdraw', 'promote'].map((verb) => `${base}?package=weather-icons&view=${verb}`),
  ...['history', 'snapshots', 'withdrawn', 'remove-snapshot&name=first'].map((view) => `${base}?view=${view}`),
  ...['/apk/team/app/edge@first/main', '/apk/team/app/edge@first/main?package=weatherd'],
  ...['withdrawn', 'history'].map((view) => `${nasty}?view=${view}`),
];
const authorization = `Basic ${btoa('alice:secret')}`;
const pages = [
  ...visitorsPages.map((path) => ({ path, headers: {} })),
  ...usersPages.map((path) => ({ path, headers: { authorization } })),
];

// Without a browser these say so by being skipped: CHROMIUM or PATH names one.
describe.skipIf(executable === undefined)('how pages look in Chromium', () => {
  let gateway: TestGateway;
  let empty: TestGateway;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await startGatewayWithUsers({ alice: 'secret' });
    empty = await startGateway();
    browser = await startBrowser(executable ?? '');
    await pushPackages(gateway.url, [...demoPackages, ...nastyPackages], { authorization });
    await change(`${base}/withdraw`, {
      files: ['weatherd-2.2.0-r0.apk'],
      reason: 'breaks booting on machines of two cores',
    });
    await change(`${nasty}/withdraw`, { names: ['long-*', 'rtl'], reason: 'y'.repeat(500) });
    const snapshot = { method: 'PUT', headers: { authorization } };
    expect((await fetch(`${gateway.url}/apk/team/app/edge@first/main`, snapshot)).status).toBe(201);
    await pushPackages(gateway.url, nastyPackages.slice(0, 2), { authorization });
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await Promise.all([gateway.stop(), empty.stop()]);
  });

  const change = async (path: string, body: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([path, answer.status]).toEqual([path, 200]);
  };

  /** As narrow as a telephone and as wide as a desk, light and dark. */
  const check = async (url: string, headers: Record<string, string>) => {
    const options = { viewport: { width: 1280, height: 900 }, extraHTTPHeaders: headers };
    await openPage(browser, url, options, async (page) => {
      await page.evaluate(axe);
      const found: unknown[] = [];
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 900 });
        found.push(...(await violationsOn(page, 'light', {})));
        // Nothing but colours differs.
        found.push(...(await violationsOn(page, 'dark', { runOnly: ['color-contrast'] })));
        if ((await page.evaluate('document.documentElement.scrollWidth')) !== width) found.push(['sticks out', width]);
      }
      expect(found).toEqual([]);
    });
  };

  it.each(pages)('nothing keeps anybody out or sticks out: $path', ({ path, headers }) =>
    check(`${gateway.url}${path}`, headers),
  );
  it('nor on the start page while nothing is there', () => check(`${empty.url}/`, {}));

  it.each([2560, 3840])('nothing sticks out at %i pixels', { timeout: 60_000 }, async (width) => {
    for (const { path, headers } of pages) {
      const options = { viewport: { width, height: 900 }, extraHTTPHeaders: headers };
      await openPage(browser, `${gateway.url}${path}`, options, async (page) => {
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      });
    }
  });

  it('a command breaks between words, and within one only where that is longer than a line', async () => {
    await openPage(browser, `${gateway.url}${base}`, { viewport: { width: 360, height: 900 } }, async (page) => {
      const wrapping = await page.evaluate(
        '(({ whiteSpace, overflowWrap, wordBreak }) => [whiteSpace, overflowWrap, wordBreak])(getComputedStyle(document.querySelector(".copy pre")))',
      );
      expect(wrapping).toEqual(['pre-wrap', 'anywhere', 'normal']);
    });
  });
});

async function violationsOn(page: Page, colorScheme: 'light' | 'dark', options: object): Promise<readonly string[][]> {
  await page.emulateMedia({ colorScheme });
  const run = `axe.run(${JSON.stringify(options)})`;
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(run);
  return violations.map(({ id, nodes }) => [colorScheme, id, ...nodes.map(({ html }) => html)]);
}
