import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/errors.ts';
import { pathOfTarget } from '../../../../src/http/exchange/request-target.ts';
import { splitPath } from '../../../../src/http/request/request-path.ts';

describe('splitPath', () => {
  it.each([
    ['/apk/team/app', ['apk', 'team', 'app']],
    ['//apk//team/', ['apk', 'team']],
    ['/a%7eb', ['a~b']],
    ['/a%7Eb', ['a~b']],
    ['/a+b', ['a+b']],
    ['/a%2Bb', ['a+b']],
    ['/a%257eb', ['a%7eb']],
    ['/%e2%82%ac', ['€']],
    ['/', []],
  ])('reads %s', (path, segments) => {
    expect(splitPath(path)).toEqual(segments);
  });

  it.each([
    '/a/../b',
    '/a/%2e%2e/b',
    '/a/./b',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a%00',
    '/a%0a',
    '/a%0d%0aX: y',
    '/a%7f',
    '/a%',
    '/a%zz',
    '/%ff',
  ])('refuses %s', (path) => {
    expect(codeOf(() => splitPath(path))).toBe('REQUEST_INVALID');
  });
});

describe('pathOfTarget', () => {
  it.each([
    ['/a/../b?c=/d', '/a/../b'],
    ['/a#b', '/a'],
    ['http://user:secret@host:1/a/../b?c', '/a/../b'],
    ['http://host', '/'],
    ['http://host?secret', '/'],
  ])('takes the path of %s as it was sent', (target, path) => {
    expect(pathOfTarget(target)).toBe(path);
  });
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return isGatewayError(error) ? error.code : String(error);
  }
}
