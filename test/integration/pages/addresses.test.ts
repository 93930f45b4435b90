import { afterEach, expect, it } from 'vitest';
import type { GivenSettings } from '../../../src/config/settings.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const modes: readonly (readonly [string, GivenSettings, { readonly 'x-forwarded-host'?: string }])[] = [
  ['/apk/team/app', {}, {}],
  ['/apk', { image: 'team/app' }, {}],
  ['/team/app', { domain: 'example.org' }, { 'x-forwarded-host': 'apk.example.org' }],
  ['', { domain: 'example.org', image: 'team/app' }, { 'x-forwarded-host': 'apk.example.org' }],
];
const started: TestGateway[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
});

it.each(modes)('links under %s keep the prefix that a proxy took off, and lead on', async (form, settings, host) => {
  const gateway = await startGateway({ settings: { ...settings, 'trusted-proxy': ['127.0.0.1'] } });
  started.push(gateway);
  const body = new Uint8Array(anApk({ name: 'demo', version: '1.0-r0' }));
  const proxied = { ...host, 'x-forwarded-prefix': '/apks', 'x-forwarded-proto': 'https', accept: 'text/html' };
  const base = `${form}/edge/main`;
  const pushed = await fetch(`${gateway.url}${base}/push`, { method: 'PUT', headers: { ...host }, body });
  expect(pushed.status).toBe(201);

  const page = await (await fetch(`${gateway.url}${base}`, { headers: proxied })).text();
  expect(page).toContain(`https://${host['x-forwarded-host'] ?? new URL(gateway.url).host}/apks${base}/setup`);
  const links = [...page.matchAll(/(?:href|src|action)="(\/[^"#]*)"/g)].map(([, link = '']) => link);
  expect(links.filter((link) => !link.startsWith('/apks/'))).toEqual([]);
  for (const link of new Set(links)) {
    const path = link.slice('/apks'.length).replaceAll('&amp;', '&');
    expect((await fetch(`${gateway.url}${path}`, { headers: proxied })).status, path).toBe(200);
  }
});
