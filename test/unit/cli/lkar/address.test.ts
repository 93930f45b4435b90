import { describe, expect, it } from 'vitest';
import { expandAddresses, readBrowserAddress } from '../../../../src/cli/lkar/address.ts';

describe('an address from the browser', () => {
  const host = 'https://apk.example.org';
  const main = ['edge', 'main'];
  it.each([
    [`${host}/apk/team/app/edge/main`, `${host}/team/app`, main, undefined],
    [`${host}/apk/team/app/edge/main/`, `${host}/team/app`, main, undefined],
    [`${host}/apk/team/app/edge/main?arch=x86_64&q=a#use`, `${host}/team/app`, main, undefined],
    [`${host}/apk/team/app/edge/main/setup`, `${host}/team/app`, main, undefined],
    [`${host}/apk/team/app/edge/main/x86_64/APKINDEX.tar.gz`, `${host}/team/app`, main, undefined],
    [`${host}/apk/edge/main`, host, main, undefined],
    ['localhost:9887/apk/app/edge/main', 'localhost:9887/app', main, undefined],
    [`${host}/apk/app/edge/main/x86_64/a%2B-1.apk`, `${host}/app`, main, 'edge/main/x86_64/a+-1.apk'],
    [`${host}/apk/app/edge/main?arch=x86_64&package=a&version=1`, `${host}/app`, main, 'edge/main/x86_64/a-1.apk'],
    [`${host}/_images/team/app`, `${host}/team/app`, undefined, undefined],
  ])('%s is read', (text, target, place, filePath) => {
    expect(readBrowserAddress(text)).toEqual({ target, place, filePath });
  });

  it.each(['apk.example.org/team/app', 'apk.example.org', `${host}/apk/app`, `${host}/apk/%zz/edge/main`, 'edge'])(
    '%s is none',
    (text) => {
      expect(readBrowserAddress(text)).toBeUndefined();
    },
  );

  it.each([
    [
      ['push', `${host}/apk/app/edge/main`, 'a.apk'],
      ['push', `${host}/app`, 'edge', 'main', 'a.apk'],
    ],
    [
      ['apk', 'ls', '-o', 'json', `${host}/apk/app/edge/main`],
      ['apk', 'ls', '-o', 'json', `${host}/app`, 'edge', 'main'],
    ],
    [
      ['rm', `${host}/apk/app/edge/main/x/a.apk`],
      ['rm', `${host}/app`, 'edge/main/x/a.apk'],
    ],
    [
      ['login', `${host}/apk/app/edge/main`],
      ['login', `${host}/app`],
    ],
    [
      ['push', 'h/app', 'e', 'm', 'f', '--wait', `${host}/apk/app/e/m`],
      ['push', 'h/app', 'e', 'm', 'f', '--wait', `${host}/app`],
    ],
    [
      ['ls', 'h/app', 'edge'],
      ['ls', 'h/app', 'edge'],
    ],
    [['--help'], ['--help']],
  ])('%j are the arguments %j', (args, expanded) => {
    expect(expandAddresses(args)).toEqual(expanded);
  });
});
