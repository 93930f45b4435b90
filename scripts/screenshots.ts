import { statSync } from 'node:fs';
import path from 'node:path';
import { findChromium, openPage, startBrowser } from '../test/support/browser.ts';
import { startGatewayWithUsers } from '../test/support/gateway.ts';
import { demoPackages, pushPackages } from './demo-packages.ts';

/** Pages that the documents show, by the picture's name below docs/images. */
const pages = [
  { name: 'repository', path: '/apk/team/app/edge/main', width: 1100, height: 720 },
  { name: 'package', path: '/apk/team/app/edge/main?package=weatherd&version=2.3.0-r1', width: 1100, height: 900 },
  { name: 'search', path: '/_search?q=weather', width: 1000, height: 520, colorScheme: 'dark' },
] as const;

const folder = path.join(import.meta.dirname, '..', 'docs', 'images');
const maxBytes = 200 * 1024;

const chromium = findChromium();
if (chromium === undefined) {
  process.stderr.write('there is no Chromium: CHROMIUM or PATH names one\n');
  process.exitCode = 1;
} else await takeAll(chromium);

async function takeAll(executable: string): Promise<void> {
  const gateway = await startGatewayWithUsers({ alice: 'secret' });
  const browser = await startBrowser(executable);
  try {
    await pushPackages(gateway.url, demoPackages, { authorization: `Basic ${btoa('alice:secret')}` });
    for (const { name, path: place, width, height, ...looks } of pages) {
      const options = { viewport: { width, height }, ...looks };
      await openPage(browser, `${gateway.url}${place}`, options, async (page) => {
        // The picture is of a public gateway, and the same at each run.
        await page.evaluate(publicly(gateway.url));
        const file = path.join(folder, `${name}.png`);
        await page.screenshot({ path: file });
        if (statSync(file).size > maxBytes) throw new Error(`${file} is over ${maxBytes} bytes`);
      });
    }
  } finally {
    await browser.close();
    await gateway.stop();
  }
}

/** Text of a script that writes a public address in place of this machine's. */
function publicly(url: string): string {
  const names = JSON.stringify([
    [url, 'https://apk.example.org'],
    [new URL(url).host, 'apk.example.org'],
  ]);
  return `(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) for (const [from, to] of ${names}) walker.currentNode.data = walker.currentNode.data.replaceAll(from, to);
  })()`;
}
