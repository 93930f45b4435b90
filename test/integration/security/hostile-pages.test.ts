import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anApk, type ApkSpec } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

const maxBytes = 512 * 1024;
const markup = '"<&\''.repeat(350);
const longName = (n: number) => `${n}${'n'.repeat(190)}`;
const tokens = (letter: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${letter}${n}${'x'.repeat(110)}`);
/** Each is taken by the gateway, and as long as it may be where a page shows something. */
const packages: readonly ApkSpec[] = [
  ...Array.from({ length: 60 }, (_, n) => ({
    name: longName(n),
    version: `1${'.1'.repeat(60)}-r0`,
    description: markup,
    pkginfo: ['license = MIT', 'builddate = 99999999999999', `provides = virtual ${tokens('p', 100).join(' ')}`],
    depends: ['virtual', ...tokens('p', 1000)],
  })),
  ...Array.from({ length: 150 }, (_, n) => ({
    name: 'versions',
    version: `${n}${'.1'.repeat(60)}-r0`,
    depends: ['versions'],
  })),
  {
    name: 'tokens',
    version: '1-r0',
    pkginfo: [`install_if = ${tokens('i', 1000).join(' ')}`, `maintainer = ${markup}`],
  },
  { name: 'files', version: '1-r0', files: Object.fromEntries(tokens('usr/<">&/f', 20_000).map((path) => [path, ''])) },
];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  for (let start = 0; start < packages.length; start += 8) {
    const body = new FormData();
    for (const spec of packages.slice(start, start + 8)) body.append('file', new Blob([anApk(spec)]), spec.name);
    const { bytes, type } = await encoded(body);
    const answer = await request(`${gateway.url}/team/app/edge/main/push`, {
      method: 'PUT',
      headers: { 'content-type': type },
      body: bytes,
    });
    expect([answer.statusCode, await answer.body.text()]).toEqual([201, expect.any(String)]);
  }
}, 120_000);
afterAll(() => gateway.stop());

async function encoded(form: FormData): Promise<{ bytes: Buffer; type: string }> {
  const response = new Response(form);
  const bytes = Buffer.from(await response.arrayBuffer());
  return { bytes, type: response.headers.get('content-type') ?? '' };
}

/** What a browser may follow from a page, less what isn't a page. */
function linksOf(html: string): string[] {
  const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'));
  return links.filter(
    (link) => link.startsWith('/') && !/\.apk|view=download|\/_assets|\.(css|js|svg|json|tar\.gz|adb|pub)\b/.test(link),
  );
}

it(
  'no page of hostile packages is over 512 KiB or takes long, wherever its links lead',
  { timeout: 240_000 },
  async () => {
    const start = ['/', '/team/app/edge/main', '/team/app/edge/main/feed.atom'];
    const ofPackages = packages.flatMap(({ name, version }, n) => {
      const query = `?arch=x86_64&package=${encodeURIComponent(name)}&version=${version}`;
      return n % 30 === 0 || n >= 210 ? ['', '&view=files'].map((view) => `/team/app/edge/main${query}${view}`) : [];
    });
    const seen = new Set([...start, ...ofPackages]);
    const answers: { link: string; status: number; bytes: number; isQuick: boolean; isTooLarge: boolean }[] = [];
    for (const link of seen) {
      if (answers.length === 150) break;
      const began = performance.now();
      const answer = await request(gateway.url + link, { headers: { accept: 'text/html' } });
      const html = await answer.body.text();
      const bytes = Buffer.byteLength(html);
      const isTooLarge = html.includes('too large to be shown');
      answers.push({ link, status: answer.statusCode, bytes, isQuick: performance.now() - began < 5000, isTooLarge });
      for (const next of linksOf(html)) seen.add(next);
    }
    expect(answers.length).toBeGreaterThan(30);
    expect(answers.filter(({ status, bytes, isQuick }) => status >= 400 || bytes > maxBytes || !isQuick)).toEqual([]);
    // A page that would be too large says so instead; that of a repository must not.
    const isOfPackage = (link: string) => link.includes('package=');
    expect(answers.filter(({ link, isTooLarge }) => isTooLarge && !isOfPackage(link)).length).toBe(0);
  },
);
