import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../../src/errors.ts';
import type { HttpOptions } from '../../../../../src/http/options.ts';
import { aListedPackage } from '../../../repository/a-listed-package.ts';
import { aListedRepository } from '../../../repository/a-listed-repository.ts';
import { aKey, anEdge } from '../../an-edge.ts';

const html = { accept: 'text/html' };
const known = { ...html, authorization: `Basic ${btoa('alice:secret')}` };
const ownForm = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost' };
const place = '/apk/team/app/edge/main?arch=x86_64&package=demo&version=1.0-r0';
const page = `${place}&view=delete`;

describe('deleting by a page', () => {
  const deleted: string[] = [];
  beforeEach(() => {
    deleted.length = 0;
  });
  const key = aKey('k.rsa.pub');
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
        withdraw(at, { architecture, fileName }) {
          deleted.push(`${at.branch}/${at.repository}/${architecture ?? ''}/${fileName}`);
          return Promise.resolve(['x86_64']);
        },
      },
      options,
    );
  const post = (headers: Record<string, string>, options?: HttpOptions) =>
    edgeFor(options).request(page, { method: 'POST', headers });

  it('is shown to nobody without credentials, and offered to nobody where no login is judged', async () => {
    const shown = async (headers: Record<string, string>, options?: HttpOptions) =>
      (await (await edgeFor(options).request(place, { headers })).text()).includes('Delete this version');
    expect(await shown(html)).toBe(false);
    expect(await shown(known)).toBe(true);
    expect(await shown(known, { judgesCallers: false })).toBe(false);
  });

  it('asks first, and names what happens and who needs the package', async () => {
    const answer = await edgeFor().request(page, { headers: known });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('edge/main/x86_64/demo-1.0-r0.apk');
    expect(text).toContain('1 package here depends on it: user');
    expect(deleted).toEqual([]);
  });

  it('is refused at the question where the caller may not push', async () => {
    expect((await edgeFor({}, false).request(page, { headers: known })).status).toBe(403);
  });

  it('deletes the file that its page names', async () => {
    const answer = await post({ ...known, ...ownForm });
    expect([answer.status, deleted]).toEqual([200, ['edge/main/x86_64/demo-1.0-r0.apk']]);
  });

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
    expect([(await post(headers, options)).status, deleted]).toEqual([status, []]);
  });
});
