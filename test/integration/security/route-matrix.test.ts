import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verbs } from '../../../src/protocol/words.ts';
import { anApk } from '../../support/an-apk.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { startPrivateRegistry, type PrivateRegistry, type RegistryManner } from '../../support/private-registry.ts';
import { anEdge } from '../../unit/http/an-edge.ts';

const rightsTtlMs = 500;
/** Names that nobody would guess, of the same length as those that aren't there. */
const there = {
  org: 'hushteam',
  image: 'hushimage',
  branch: 'hushbranch',
  repository: 'hushrepo',
  file: 'hushpkg-1.0-r0.apk',
  pkg: 'hushpkg',
};
const nowhere = {
  org: 'moonteam',
  image: 'moonimage',
  branch: 'moonbranch',
  repository: 'moonrepo',
  file: 'moonpkg-1.0-r0.apk',
  pkg: 'moonpkg',
};
/** The same, read by the revoked user too, and gone from the registry since. */
const gone = {
  org: 'pastteam',
  image: 'pastimage',
  branch: 'pastbranch',
  repository: 'pastrepo',
  file: 'pastpkg-1.0-r0.apk',
  pkg: 'pastpkg',
};

const bases = [
  '/apk/{org}/{image}/{branch}/{repository}',
  '/{org}/{image}/{branch}/{repository}',
  '/api/packages/{org}/alpine/{branch}/{repository}',
];
/** What can be asked of a repository; `''` is the repository itself. */
const inRepository = [
  '',
  '/',
  '/push',
  '/x86_64/APKINDEX.tar.gz',
  '/x86_64/{file}',
  '/{file}',
  '/noarch/{file}',
  '/any.rsa.pub',
];
const queries = [
  ...['?package={pkg}', '?package={pkg}&view=files', '?q={pkg}', '?package={pkg}&view=download&file=usr'],
  ...['?package={pkg}&view=depends', '?package={pkg}&view=delete', '?package={pkg}&view=withdraw'],
];
const templates = [
  ...bases.flatMap((base) =>
    [...inRepository, ...Object.values(verbs).map((verb) => `/${verb}`)].map((rest) => base + rest),
  ),
  ...queries.map((query) => `${bases[0] ?? ''}${query}`),
  '/{org}/{image}/alpine_any/alpine_any/main/x86_64/APKINDEX.tar.gz',
  ...['/apk/{org}/{image}/key', '/{org}/{image}', '/{org}', '/{org}/{image}/{branch}', '/key', '/apk/key'],
  ...['/_packages', '/_packages/apk/{org}/{image}', '/_packages/apk/{org}/{image}?branch={branch}&repo={repository}'],
  ...['/_repositories', '/_repositories/{org}/{image}', '/_images', '/_images?q={pkg}', '/_images/{org}/{image}', '/'],
  ...['/_search', '/_search?q={pkg}', '/_search?q={image}', '/_search?q={pkg}&near={org}/{image}'],
  ...['/_auth/login', '/_auth/logout', '/_auth/{org}/{image}/login', '/_auth/{org}/{image}/logout', '/_assets/none'],
  ...['/openapi.json', '/metrics', '/healthz', '/readyz', '/addpkg?provider=apk&reponame={image}'],
  '/v2/packages/organizations/{org}/registries/{image}/packages',
];

const everything = ['pull', 'push', 'delete'] as const;
const as = (user: string, password = `${user}-pw`) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
/** Each with what isn't there and must look the same to them. Who could read once is told that they could, of either. */
const callers: Readonly<Record<string, readonly [Record<string, string>, typeof nowhere]>> = {
  anonymous: [{}, nowhere],
  'another user': [as('bob'), nowhere],
  'a wrong password': [as('alice', 'wrong'), nowhere],
  'a revoked user': [as('dave'), gone],
};

const manners: readonly (readonly [string, RegistryManner])[] = [
  ['with a token service', { hasCatalog: true }],
  ['with Basic', { auth: 'basic', hasCatalog: true }],
];

describe.each(manners)('before a registry %s', (_manner, manner) => {
  let registry: PrivateRegistry;
  let gateway: TestGateway;
  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const before = registry.seen.length;
    const answer = await fetch(`${gateway.url}${path}`, { method, headers, redirect: 'manual' });
    const text = await answer.text();
    const kept = [...answer.headers].filter(([name]) => !/^(x-request-id|date|content-length)$/.test(name));
    return { status: answer.status, headers: kept, text, asked: registry.seen.length - before };
  };

  const pushAndRead = async (names: typeof there) => {
    for (const base of [bases[0], bases[2]].map((one) => fill(one ?? '', names))) {
      const body = anApk({
        name: names.pkg,
        version: '1.0-r0',
        description: 'hushdescription',
        provides: ['cmd:hushcmd'],
      });
      const pushed = await fetch(`${gateway.url}${base}/push`, { method: 'PUT', headers: as('alice'), body });
      expect([pushed.status, await pushed.text()]).toEqual([201, expect.anything()]);
    }
    // Who may read has read it all, and so has somebody who may no longer.
    for (const who of ['alice', 'dave']) {
      for (const template of templates) await ask('GET', fill(template, names), as(who));
      expect((await ask('GET', fill(`${bases[0] ?? ''}/x86_64/APKINDEX.tar.gz`, names), as(who))).status).toBe(200);
    }
  };

  beforeAll(async () => {
    const images = Object.fromEntries(
      [there, gone].flatMap(({ org, image }) =>
        [`${org}/${image}`, `${org}/alpine`, image].map((name) => [name, everything]),
      ),
    );
    registry = await startPrivateRegistry(
      {
        alice: { password: 'alice-pw', images },
        bob: { password: 'bob-pw', images: { 'bob/own': everything } },
        dave: { password: 'dave-pw', images },
        '': { password: '', images: {} },
      },
      manner,
    );
    gateway = await startGateway({
      store: { registry: registry.host },
      settings: { 'rights-ttl': `${rightsTtlMs}ms`, freshness: '100ms' },
    });
    for (const names of [there, gone]) await pushAndRead(names);
    for (const image of Object.keys(images)) if (image.startsWith('past')) registry.drop(image);
    registry.users['dave'] = { password: 'dave-pw', images: {} };
    await sleep(rightsTtlMs + 100);
  }, 120_000);
  afterAll(async () => {
    await gateway.stop();
    await registry.stop();
  });

  it.each(Object.entries(callers))(
    'to %s no route tells a name, nor whether there is one, in words, in its shape or in its work',
    async (_who, [headers, absent]) => {
      for (const accept of ['*/*', 'text/html', 'application/problem+json']) {
        for (const template of templates) {
          for (const method of methodsOf(template, accept)) {
            const [real, unreal] = [fill(template, there), fill(template, absent)];
            const sent = { ...headers, accept };
            // The registry's challenge for an image is remembered, whoever asked first.
            for (const path of [real, unreal]) await ask(method, path, sent);
            const [seen, other] = [await ask(method, real, sent), await ask(method, unreal, sent)];
            // Tokens end when they end, and what isn't about one place takes what it takes.
            const isWorkCounted = manner.auth === 'basic' && /\{(image|branch)\}/.test(template);
            const what = `${method} ${template} ${accept}`;
            expect([what, plain(seen, there, isWorkCounted)]).toEqual([what, plain(other, absent, isWorkCounted)]);
            expect([what, insidesOf(seen), insidesOf(other)]).toEqual([what, [], []]);
            const unasked = withoutPath(JSON.stringify([seen.headers, seen.text]), real);
            expect([what, /hush\w*/.exec(unasked)?.[0]]).toEqual([what, undefined]);
          }
        }
      }
    },
    240_000,
  );

  it('no refusal of whoever may read all names the registry or a tag in it', { timeout: 120_000 }, async () => {
    for (const accept of ['*/*', 'text/html', 'application/problem+json']) {
      for (const template of templates) {
        for (const names of [
          there,
          nowhere,
          { ...there, repository: nowhere.repository, file: nowhere.file, pkg: nowhere.pkg },
        ]) {
          const path = fill(template, names);
          for (const method of ['GET', 'DELETE', 'PUT', 'POST']) {
            if (method !== 'GET' && names === there) continue;
            const answer = await ask(method, path, { ...as('alice'), accept });
            expect([method, path, insidesOf(answer)]).toEqual([method, path, []]);
          }
        }
      }
    }
  });

  /** What of a refusal names what is behind the gateway: the registry's host, an internal tag. */
  const insidesOf = ({ status, text }: { status: number; text: string }): string[] =>
    (status < 400
      ? []
      : [registry.host, /\b(?:index|key)-[\w.-]+-[0-9a-z]{10}\b/, /[0-9a-z]{10}-[pd]-/, '/v2/', 'manifest']
    ).flatMap((inside) =>
      (typeof inside === 'string' ? text.includes(inside) : inside.test(text))
        ? [`${String(inside)} in ${text.slice(0, 300)}`]
        : [],
    );
});

it('every route there is stands in this matrix', () => {
  const asked = templates.map((template) => template.replace(/\?.*/, '').replace(/\{\w+\}/g, 'x'));
  const matches = (route: string) => {
    const pattern = new RegExp(`^${route.replaceAll('*', '.*').replace(/:\w+/g, '[^/]+')}$`);
    return asked.some((path) => pattern.test(path));
  };
  const routes = [...new Set(anEdge({}).routes.map(({ path }) => path))];
  expect(routes.length).toBeGreaterThan(10);
  expect(routes.filter((route) => !matches(route))).toEqual([]);
});

function methodsOf(template: string, accept: string): readonly string[] {
  // One form of an address stands for all in what a refusal looks like.
  if (accept !== '*/*') return /^\/(?:\{|api\/)/.test(template) ? [] : ['GET'];
  return template.includes('{file}') ? ['GET', 'HEAD', 'DELETE'] : ['GET', 'HEAD'];
}

function fill(template: string, names: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '');
}

/** What one answer told, its own names made the same as another's. Metrics count what was asked. */
function plain(
  answer: { status: number; headers: readonly (readonly string[])[]; text: string; asked: number },
  names: Readonly<Record<string, string>>,
  isWorkCounted: boolean,
) {
  const same = (text: string) =>
    Object.entries(names).reduce((so, [what, name]) => so.replaceAll(name.replace(/-1\.0-r0\.apk$/, ''), what), text);
  const isMetrics = answer.text.startsWith('# HELP');
  const { status, asked } = answer;
  return {
    status,
    headers: same(JSON.stringify(answer.headers)),
    // A hash of the group that the caller names.
    text: isMetrics ? '' : same(answer.text).replace(/(x86_64|noarch)-[0-9a-z]{10}\b/g, '$1-HASH'),
    asked: isWorkCounted ? asked : 0,
  };
}

/** The answer without the words that the caller sent. */
function withoutPath(text: string, path: string): string {
  const words = [path, path.replace(/\?.*/, ''), ...path.split(/[/?&=]/).filter((word) => word.startsWith('hush'))];
  return words
    .flatMap((word) => [word, encodeURIComponent(word)])
    .sort((a, b) => b.length - a.length)
    .reduce((so, word) => so.replaceAll(word, ''), text);
}
