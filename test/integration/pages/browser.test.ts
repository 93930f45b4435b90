import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk, type ApkSpec } from '../../support/an-apk.ts';
import { findChromium, startBrowser } from '../../support/browser.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const executable = findChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const base = '/apk/team/app/edge/main';
const pages = [
  ...['/', '/_images/team/app', '/_images/none', base, `${base}?q=none`, `${base}?package=app`, '/_auth/login'],
  ...[`${base}?package=app&view=files`, `${base}?package=none`, '/_auth/logout'],
];
const specs: readonly ApkSpec[] = [
  { name: 'app', version: '1.0-r0', depends: ['lib>=1'], description: '<script>document.title = "taken"</script>' },
  { name: 'lib', version: '1.0-r0', provides: ['so:lib.so.1=1'] },
  ...Array.from({ length: 60 }, (_, i) => ({ name: `filler-${i}`, version: '1-r0' })),
];

// Without a browser these say so by being skipped: CHROMIUM or PATH names one.
describe.skipIf(executable === undefined)('in Chromium', () => {
  let gateway: TestGateway;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await startGateway();
    browser = await startBrowser(executable ?? '');
    const form = new FormData();
    for (const spec of specs) form.append('file', new Blob([new Uint8Array(anApk(spec))]), `${spec.name}.apk`);
    const pushed = await fetch(`${gateway.url}${base}/push`, { method: 'POST', body: form });
    expect(pushed.status).toBe(201);
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  const onPage = async (path: string, options: BrowserContextOptions, work: (page: Page) => Promise<void>) => {
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      await page.goto(`${gateway.url}${path}`);
      await work(page);
    } finally {
      await context.close();
    }
  };

  const looks = pages.flatMap((path) => [['light', path] as const, ['dark', path] as const]);
  it.each(looks)('nothing keeps anybody out: %s %s', async (colorScheme, path) => {
    await onPage(path, { colorScheme }, async (page) => {
      await page.evaluate(axe);
      const found = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>('axe.run()');
      expect(found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    });
  });

  it.each([360, 1280, 2560, 3840])('nothing sticks out at %i pixels', async (width) => {
    for (const path of pages) {
      await onPage(path, { viewport: { width, height: 800 } }, async (page) => {
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      });
    }
  });

  it('the list follows typing', async () => {
    await onPage(base, {}, async (page) => {
      await page.getByLabel('Search packages').fill('lib');
      await page.getByText('1 package for “lib”').waitFor();
      expect(page.url()).toContain('q=lib');
    });
  });

  it('the search works without scripts', async () => {
    await onPage(base, { javaScriptEnabled: false }, async (page) => {
      await page.getByLabel('Search packages').fill('lib');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByText('1 package for “lib”').waitFor();
      expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0);
    });
  });

  it('dependencies lead from package to package, and hostile text stays text', async () => {
    await onPage(`${base}?package=app`, {}, async (page) => {
      expect(await page.title()).toBe('app 1.0-r0');
      await page.getByRole('link', { name: 'lib', exact: true }).click();
      await page.getByRole('heading', { name: 'lib 1.0-r0' }).waitFor();
      await page.getByRole('link', { name: 'app', exact: true }).waitFor();
    });
  });

  it('a login lasts until the logout', async () => {
    await onPage('/_auth/login', {}, async (page) => {
      await page.getByLabel('User').fill('alice');
      await page.getByLabel('Password').fill('secret');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('link', { name: 'Log in' }).waitFor();
    });
  });

  it('the keyboard reaches the content first', async () => {
    await onPage(base, {}, async (page) => {
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('content');
    });
  });
});
