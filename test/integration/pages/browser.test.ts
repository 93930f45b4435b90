import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anApk, type ApkSpec } from '../../support/an-apk.ts';
import { findChromium, openPage, startBrowser } from '../../support/browser.ts';
import { startGatewayWithUsers, type TestGateway } from '../../support/gateway.ts';

const executable = findChromium();
const base = '/apk/team/app/edge/main';
const authorization = `Basic ${btoa('alice:secret')}`;
const specs: readonly ApkSpec[] = [
  { name: 'app', version: '1.0-r0', depends: ['lib>=1'], description: '<script>document.title = "taken"</script>' },
  { name: 'lib', version: '1.0-r0', provides: ['so:lib.so.1=1'] },
  { name: 'lib', version: '0.9-r0' },
  { name: 'doomed', version: '1.0-r0' },
  ...Array.from({ length: 60 }, (_, i) => ({ name: `filler-${i}`, version: '1-r0' })),
];

// Without a browser these say so by being skipped: CHROMIUM or PATH names one.
describe.skipIf(executable === undefined)('in Chromium', () => {
  let gateway: TestGateway;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await startGatewayWithUsers({ alice: 'secret' });
    browser = await startBrowser(executable ?? '');
    const form = new FormData();
    for (const spec of specs) form.append('file', new Blob([new Uint8Array(anApk(spec))]), `${spec.name}.apk`);
    const headers = { authorization };
    const pushed = await fetch(`${gateway.url}${base}/push`, { method: 'POST', body: form, headers });
    expect(pushed.status).toBe(201);
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  const onPage = (path: string, options: BrowserContextOptions, work: (page: Page) => Promise<void>) =>
    openPage(browser, `${gateway.url}${path}`, options, work);

  const logIn = async (page: Page, password: string) => {
    await page.getByLabel('User').fill('alice');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  };

  it('the list follows typing', async () => {
    await onPage(base, {}, async (page) => {
      await page.getByLabel('Filter packages').fill('lib');
      await page.getByText('1 package for “lib”').waitFor();
      expect(page.url()).toContain('q=lib');
    });
  });

  it('filter and search work without scripts', async () => {
    await onPage(base, { javaScriptEnabled: false }, async (page) => {
      await page.getByLabel('Filter packages').fill('lib');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByText('1 package for “lib”').waitFor();
      expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0);
      await page.getByLabel('Search everything').fill('x86_64 so:lib');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByRole('link', { name: 'lib', exact: true }).click();
      await page.getByRole('heading', { name: 'lib 1.0-r0' }).waitFor();
    });
  });

  it('an old version leads to the newer, and says how to install just this one', async () => {
    await onPage(`${base}?package=lib&version=0.9-r0`, {}, async (page) => {
      await page.getByText('apk -U add lib=0.9-r0').first().waitFor();
      await page.getByText('There is a newer version').getByRole('link', { name: '1.0-r0' }).click();
      await page.getByRole('heading', { name: 'lib 1.0-r0' }).waitFor();
      await page
        .getByText(/apk -U add lib$/m)
        .first()
        .waitFor();
    });
  });

  it('dependencies lead from package to package, and hostile text stays text', async () => {
    await onPage(`${base}?package=app`, {}, async (page) => {
      expect(await page.title()).toBe('app 1.0-r0 · lkard');
      await page.getByRole('link', { name: 'lib', exact: true }).click();
      await page.getByRole('heading', { name: 'lib 1.0-r0' }).waitFor();
      await page.getByRole('link', { name: 'app', exact: true }).waitFor();
    });
  });

  it('copies what a box holds', async () => {
    await onPage(base, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.getByRole('button', { name: 'Copy URL of this repository' }).click();
      await page.getByText('Copied', { exact: true }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${gateway.url}${base}`);
    });
  });

  it('a login lasts until the logout, and a failed one keeps the name', async () => {
    await onPage('/_auth/login', {}, async (page) => {
      await logIn(page, 'wrong');
      await page.getByRole('alert').getByText('doesn’t take this user and password').waitFor();
      expect(await page.getByLabel('User').inputValue()).toBe('alice');
      await logIn(page, 'secret');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('link', { name: 'Log in' }).waitFor();
    });
  });

  it('who is logged in deletes a version, after a page that says what happens', async () => {
    await onPage(`${base}?package=doomed`, {}, async (page) => {
      expect(await page.getByRole('link', { name: 'Delete this version…' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Log in' }).click();
      await logIn(page, 'secret');
      await page.getByRole('link', { name: 'Delete this version…' }).click();
      await page.getByText('edge/main/x86_64/doomed-1.0-r0.apk').waitFor();
      await page.getByRole('button', { name: 'Delete it' }).click();
      await page.getByRole('status').getByText('Deleted').waitFor();
      await page.getByRole('link', { name: 'Back to the repository' }).click();
      await page.getByText('62 packages, page 1 of 2').waitFor();
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
