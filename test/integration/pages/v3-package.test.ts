import { afterAll, beforeAll, expect, it } from 'vitest';
import { aV3Apk, deflated } from '../../support/a-v3-apk.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
let base: string;
beforeAll(async () => {
  gateway = await startGateway();
  base = `${gateway.url}/apk/team/app/edge/main`;
  const files = { 'usr/bin/fresh': '#!/bin/sh\n', 'etc/fresh.conf': 'on\n' };
  for (const file of [
    deflated(aV3Apk({ name: 'fresh', version: '2.0-r0', depends: ['old'], files })),
    anApk({ name: 'old', version: '1.0-r0' }),
  ]) {
    const answer = await fetch(`${base}/push`, { method: 'PUT', body: new Uint8Array(file) });
    expect(answer.status).toBe(201);
  }
});
afterAll(() => gateway.stop());

async function page(path: string): Promise<string> {
  const answer = await fetch(path, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Where the repository's page leads for a package. */
async function linkTo(name: string): Promise<string> {
  const [, href = ''] = new RegExp(`href="([^"]*${name}[^"]*)"`).exec(await page(base)) ?? [];
  return new URL(href.replaceAll('&amp;', '&'), `${base}/`).href;
}

it('a package of apk 3 has a page that says who can install it, and how', async () => {
  const html = await page(await linkTo('fresh'));
  expect(html).toContain('v3, for apk 3 alone');
  expect(html).toContain(`v3 ${base}`);
  expect(html).not.toContain('FROM alpine');
  const other = await page(await linkTo('old'));
  expect(other).toContain('v2, for apk 2 and 3');
  expect(other).toContain('FROM alpine');
});

it('the files of a package of apk 3 are listed', async () => {
  const link = new URL(await linkTo('fresh'));
  link.searchParams.set('view', 'files');
  const html = await page(link.href);
  for (const file of ['usr/bin/fresh', 'etc/fresh.conf']) expect(html).toContain(file);
});
