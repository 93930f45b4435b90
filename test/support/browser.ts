import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** The Chromium that CHROMIUM names or PATH has; undefined where there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM !== undefined) return CHROMIUM;
  const places = PATH.split(path.delimiter).flatMap((folder) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(folder, name)),
  );
  return places.find(isProgram);
}

/** Starts it without a window. */
export function startBrowser(executablePath: string, ...args: readonly string[]): Promise<Browser> {
  // Containers run tests as root, where Chromium's own sandbox doesn't work; it sees nothing but the tests' pages.
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Opens a page with a profile of its own, and closes it when `work` is done. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    await page.goto(url);
    await work(page);
  } finally {
    await context.close();
  }
}
