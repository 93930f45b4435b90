import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob, wildcard } from '../../../src/protocol/glob.ts';

describe('a wildcard', () => {
  it.each([
    ['foo-*', 'foo-bar', true],
    ['foo-*', 'foo', false],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*-1.*-r0.apk', 'lib-1.2-r0.apk', true],
    ['*/lib*', 'x86_64/lib-1.apk', true],
    ['lib', 'lib', true],
    ['lib', 'libs', false],
    ['a.c', 'abc', false],
  ])('%j fits %j: %s', (pattern, text, fits) => {
    expect(wildcard(pattern)(text)).toBe(fits);
  });

  it('is the glob that crosses slashes', () => {
    const letters = fc.stringMatching(/^[ab*/]{0,8}$/);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[ab/]{0,8}$/), (pattern, text) => {
        expect(wildcard(pattern)(text)).toBe(matchesGlob(pattern.replace(/\*+/g, '**'), text));
      }),
    );
  });
});
