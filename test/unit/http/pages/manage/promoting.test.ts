import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../../src/errors.ts';
import type { HttpOptions } from '../../../../../src/http/options.ts';
import type { Promotion, PromotionOptions } from '../../../../../src/repository/service/promoting.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../../an-edge.ts';

const html = { accept: 'text/html' };
const known = { ...html, authorization: `Basic ${btoa('alice:secret')}` };
const ownForm = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' };
const view = 'arch=x86_64&package=demo&version=1.0-r0&view=promote';
const place = `/apk/team/app/edge/main?${view}`;
const ofSnapshot = `/apk/team/app/edge@kept/main?${view}`;
const to = 'image=team%2Fapp&branch=stable&repository=main';

describe('promoting by a page', () => {
  const asked: [Promotion, PromotionOptions][] = [];
  beforeEach(() => {
    asked.length = 0;
  });

  const snapshot = { ...aListedRepository(), name: 'kept', createdAt: new Date(0), createdBy: 'ann' };
  const edgeFor = (options: HttpOptions = {}, mayPush = true) =>
    anEdge(
      {
        authorize: () => Promise.resolve(true),
        keys: () => Promise.resolve([aKey('k.rsa.pub')]),
        repositories: () => Promise.resolve([aListedRepository()]),
        listSnapshots: () => Promise.resolve([{ ...snapshot, architectures: ['x86_64'] }]),
        listIndex: () => Promise.resolve({ etag: '"e"', packages: () => [aListedPackage({ name: 'demo' })] }),
        promote(promotion, _caller, promotionOptions = {}) {
          if (!mayPush) return Promise.reject(new GatewayError('FORBIDDEN', 'the right to push is missing'));
          asked.push([promotion, promotionOptions]);
          const digest = `sha256:${'ab'.repeat(32)}` as const;
          const one = { architecture: 'x86_64', digest, size: 2048, outcome: 'promoted' as const };
          return Promise.resolve({
            ...{ isDryRun: promotionOptions.isDryRun === true, missing: [], notes: ['needed and in neither: musl'] },
            packages: ['demo', '<lib>'].map((name) => ({ ...one, name, version: '1', fileName: `${name}-1.apk` })),
          });
        },
      },
      options,
    );
  const post = (
    body: string,
    { at = place, headers = { ...known, ...ownForm }, mayPush = true, ...options }: Posted = {},
  ) => edgeFor(options, mayPush).request(at, { method: 'POST', headers, body });
  type Posted = HttpOptions & {
    readonly at?: string;
    readonly headers?: Record<string, string>;
    readonly mayPush?: boolean;
  };

  it('is offered to who is known, of a branch and of a snapshot, which nothing is moved from', async () => {
    const shown = async (path: string, headers: Record<string, string>) => {
      const text = await (await edgeFor().request(path, { headers })).text();
      return text.includes('view=promote');
    };
    expect(await shown(place.replace('&view=promote', ''), html)).toBe(false);
    for (const path of [place, ofSnapshot]) {
      expect(await shown(path.replace('&view=promote', ''), known)).toBe(true);
      const form = await (await edgeFor().request(path, { headers: known })).text();
      expect(form.includes('name="move"')).toBe(path === place);
    }
  });

  it('shows first what would happen, and does it when that is confirmed', async () => {
    const first = await post(`${to}&dependencies=yes&move=yes&reason=tried`);
    const preview = await first.text();
    expect([first.status, preview.includes('&lt;lib&gt;-1.apk'), preview.includes('musl')]).toEqual([200, true, true]);
    const hidden = [...preview.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value] as [string, string],
    );
    const second = await post(new URLSearchParams(hidden).toString());
    expect(await second.text()).toContain('href="/apk/team/app/stable/main?arch=x86_64&amp;package=demo');
    const promotion = {
      ...{ from: { image: 'team/app', branch: 'edge', repository: 'main' }, packages: ['demo=1.0-r0'] },
      to: { image: 'team/app', branch: 'stable', repository: 'main' },
    };
    const options = { withDependencies: true, isMove: true, reason: 'tried' };
    expect(asked.map(([one]) => one)).toEqual([promotion, promotion]);
    expect(asked.map(([, one]) => one)).toMatchObject([
      { ...options, isDryRun: true },
      { ...options, isDryRun: false },
    ]);
  });

  it('takes from a snapshot, and to another image', async () => {
    const answer = await post('image=team%2Freleased&branch=v1&repository=main&confirmed=yes', { at: ofSnapshot });
    expect(await answer.text()).toContain('href="/apk/team/released/v1/main?');
    expect(asked[0]![0]).toMatchObject({ from: { branch: 'edge@kept' }, to: { image: 'team/released', branch: 'v1' } });
  });

  it.each([
    ['without a branch', 'repository=main', 400],
    ['to a snapshot', 'branch=edge%40kept&repository=main', 400],
    ['to an image that has no name', 'image=..&branch=stable&repository=main', 400],
    ['with a reason of several lines', `${to}&reason=a%0Ab`, 400],
  ])('is asked of nobody %s', async (_what, body, status) => {
    expect([(await post(body)).status, asked]).toEqual([status, []]);
  });

  it('serves one image alone where that is all there is', async () => {
    const answer = await edgeFor({ singleImage: 'team/app' }).request(`/apk/edge/main?${view}`, { headers: known });
    expect(await answer.text()).not.toContain('name="image"');
    expect(
      (await post('image=other&branch=a&repository=b', { singleImage: 'team/app', at: `/apk/edge/main?${view}` }))
        .status,
    ).toBe(404);
    expect(asked).toEqual([]);
  });

  it.each<[string, Posted, number]>([
    ['leads who is unknown to the login', { headers: { ...html, ...ownForm } }, 303],
    ['refuses a page of another site', { headers: { ...known, ...ownForm, origin: 'https://evil.example' } }, 403],
    [
      'refuses what Fetch Metadata tells of another site',
      { headers: { ...known, ...ownForm, 'sec-fetch-site': 'cross-site' } },
      403,
    ],
    ['refuses where no login is judged', { judgesCallers: false }, 403],
    ['tells who may not push there', { mayPush: false }, 403],
    ['takes no other kind of body', { headers: { ...known, 'content-type': 'text/plain' } }, 405],
    [
      'takes no other kind of body for a snapshot',
      { at: ofSnapshot, headers: { ...known, 'content-type': 'text/plain' } },
      405,
    ],
  ])('%s', async (_what, options, status) => {
    expect([(await post(`${to}&confirmed=yes`, options)).status, asked]).toEqual([status, []]);
  });
});
