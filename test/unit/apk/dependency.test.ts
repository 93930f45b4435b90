import { describe, expect, it } from 'vitest';
import { formatDependency, parseDependency, splitTokens } from '../../../src/apk/dependency.ts';

describe('dependencies', () => {
  it.each([
    ['so:libc.musl-x86_64.so.1', 'so:libc.musl-x86_64.so.1'],
    ['a==1', 'a=1'],
    ['a=<1', 'a<=1'],
    ['a~=1.2', 'a~1.2'],
    ['a=~1.2', 'a~1.2'],
    ['a>~1', 'a>~1'],
    ['!nano', '!nano'],
    ['!a<1', '!a<1'],
    ['/bin/sh', '/bin/sh'],
    ['cmd:[', 'cmd:['],
    ['k><Q1aaaa', 'k><Q1aaaa'],
  ])('%s is written %s', (token, written) => {
    const dependency = parseDependency(token);
    expect('fault' in dependency ? dependency.fault : formatDependency(dependency)).toBe(written);
  });

  it.each([
    ['>=1', 'without a name'],
    ['>=', 'without version'],
    ['!', 'without'],
    ['a>=', 'version missing'],
    ['a>=1.x.y', 'version invalid'],
    ['a<=>1', 'operator unknown'],
    ['a@edge', 'repository tag'],
    ['a=1@edge', 'repository tag'],
    ['café', 'name has a character'],
    ['a\nP:evil', 'name has a character'],
    ['k><zzz', 'version invalid'],
  ])('%s is refused: %s', (token, words) => {
    expect(parseDependency(token)).toMatchObject({ fault: expect.stringContaining(words) as string });
  });

  it('takes one or more spaces between tokens', () => {
    expect(splitTokens('a b=1   c>2 ')).toEqual(['a', 'b=1', 'c>2']);
  });
});
