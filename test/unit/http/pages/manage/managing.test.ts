import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../../src/errors.ts';
import type { HttpOptions } from '../../../../../src/http/options.ts';
import type { ChangePackages } from '../../../../../src/repository/service/lifecycle.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../../an-edge.ts';

const html = { accept: 'text/html' };
const known = { ...html, authorization: `Basic ${btoa('alice:secret')}` };
const ownForm = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' };
const place = '/apk/team/app/edge/main?arch=x86_64&package=demo&version=1.0-r0';
const verbs = ['delete', 'withdraw'] as const;

describe('withdrawing and deleting by a page', () => {
  const made: unknown[] = [];
  beforeEach(() => {
    made.length = 0;
  });
  const key = aKey('k.rsa.pub');
  const changing =
    (verb: (typeof verbs)[number]): ChangePackages =>
    (at, selection, _caller, { reason, isNow } = {}) => {
      made.push([verb, `${at.branch}/${at.repository}`, selection.files, reason, isNow]);
      const digest = `sha256:${'ab'.repeat(32)}` as const;
      const outcome = verb === 'delete' ? 'deleted' : 'withdrawn';
      const file = { architecture: 'x86_64', fileName: 'demo-1.0-r0.apk', name: 'demo', version: '1.0-r0' };
      return Promise.resolve({
        ...{ isDryRun: false, missing: [], notes: ['a note of the registry'] },
        packages: [{ ...file, digest, size: 1, outcome }],
      });
    };
  const edgeFor = (options: HttpOptions = {}, mayPush = true) =>
    anEdge(
      {
        authorize: () => Promise.resolve(true),
        keys: () => Promise.resolve([key]),
        repositories: () => Promise.resolve([aListedRepository()]),
        listIndex: () =>
          Promise.resolve({
            etag: '"e"',
            packages: () => [aListedPackage({ name: 'demo' }), aListedPackage({ name: 'user', depends: ['demo'] })],
          }),
        begin: () =>
          mayPush
            ? Promise.resolve({ commit: () => Promise.resolve([]), cancel: () => Promise.resolve() })
            : Promise.reject(new GatewayError('FORBIDDEN', 'the right to push is missing')),
        deleteFiles: changing('delete'),
        withdrawFiles: changing('withdraw'),
      },
      options,
    );
  const pageOf = (verb: string) => `${place}&view=${verb}`;
  const post = (verb: string, headers: Record<string, string>, { body = '', ...options }: Posted = {}) =>
    edgeFor(options).request(pageOf(verb), { method: 'POST', headers, body });
  type Posted = HttpOptions & { readonly body?: string };

  it('is shown to nobody without credentials, and offered to nobody where no login is judged', async () => {
    const shown = async (headers: Record<string, string>, options?: HttpOptions) => {
      const text = await (await edgeFor(options).request(place, { headers })).text();
      return verbs.filter((verb) => text.includes(`view=${verb}`));
    };
    expect(await shown(html)).toEqual([]);
    expect(await shown(known)).toEqual(verbs);
    expect(await shown(known, { judgesCallers: false })).toEqual([]);
  });

  it.each(verbs)('asks first, and names what happens and who needs the package: %s', async (verb) => {
    const answer = await edgeFor().request(pageOf(verb), { headers: known });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('edge/main/x86_64/demo-1.0-r0.apk');
    expect(text).toContain('1 package here depends on it: user');
    expect(made).toEqual([]);
  });

  it.each([
    [14_400_000, 'for 4 hours', true],
    [5_400_000, 'for 90 minutes', true],
    [1_500, 'for 2 seconds', true],
    [0, 'can’t be fetched', false],
  ])(
    'says for how long the bytes can be fetched, and asks where they can: %i ms',
    async (deleteGraceMs, said, asks) => {
      const text = await (await edgeFor({ deleteGraceMs }).request(pageOf('delete'), { headers: known })).text();
      expect([text.includes(said), text.includes('name="now"')]).toEqual([true, asks]);
    },
  );

  it.each(verbs)('is refused at the question where the caller may not push: %s', async (verb) => {
    expect((await edgeFor({}, false).request(pageOf(verb), { headers: known })).status).toBe(403);
  });

  it.each([
    ['delete', '', undefined, false],
    ['delete', 'reason=&now=yes', undefined, true],
    ['withdraw', 'reason=breaks+booting', 'breaks booting', false],
    ['withdraw', 'reason=+a+leaked+key+&now=yes', 'a leaked key', true],
  ])('changes the very file that its page names: %s with %j', async (verb, body, reason, isNow) => {
    const answer = await post(verb, { ...known, ...ownForm }, { body });
    expect(answer.status).toBe(200);
    expect(made).toEqual([[verb, 'edge/main', ['x86_64/demo-1.0-r0.apk'], reason, isNow]]);
    expect(await answer.text()).toContain('a note of the registry');
  });

  it.each([
    ['of several lines', `reason=${encodeURIComponent('one\ntwo')}`],
    ['with controls', `reason=${encodeURIComponent('\u001b[2J')}`],
    ['of over 500 characters', `reason=${'x'.repeat(501)}`],
    ['in a form of over 16 KiB', `reason=${'x'.repeat(17_000)}`],
  ])('takes no reason %s', async (_what, body) => {
    expect([(await post('withdraw', { ...known, ...ownForm }, { body })).status, made]).toEqual([400, []]);
  });

  describe.each(verbs)('%s', (verb) => {
    it.each([
      ['leads who is unknown to the login', { ...html, ...ownForm }, {}, 303],
      ['refuses a page of another site', { ...known, ...ownForm, origin: 'https://evil.example' }, {}, 403],
      [
        'refuses what Fetch Metadata tells of another site',
        { ...known, ...ownForm, 'sec-fetch-site': 'cross-site' },
        {},
        403,
      ],
      ['refuses where no login is judged', { ...known, ...ownForm }, { judgesCallers: false }, 403],
      ['takes no other kind of body', { ...known, 'content-type': 'text/plain' }, {}, 405],
      ['is nothing for programs', { authorization: known.authorization, ...ownForm }, {}, 405],
    ])('%s', async (_what, headers, options, status) => {
      expect([(await post(verb, headers, options)).status, made]).toEqual([status, []]);
    });
  });
});
