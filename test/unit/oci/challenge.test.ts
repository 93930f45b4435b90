import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/oci/challenge.ts';

const cases: [string, [string, Record<string, string>][]][] = [
  ['', []],
  [', ,', []],
  ['Basic', [['basic', {}]]],
  ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
  ['bAsIc REALM=x', [['basic', { realm: 'x' }]]],
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  [
    'Bearer realm="https://codeberg.example/v2/token",service="container_registry",scope="*",Basic realm="x"',
    [
      ['bearer', { realm: 'https://codeberg.example/v2/token', service: 'container_registry', scope: '*' }],
      ['basic', { realm: 'x' }],
    ],
  ],
  [
    'Negotiate, NTLM TlRMTVNTUAAC==, Basic realm = "a\\"b, c" , Bearer a=b',
    [
      ['negotiate', {}],
      ['ntlm', {}],
      ['basic', { realm: 'a"b, c' }],
      ['bearer', { a: 'b' }],
    ],
  ],
  [
    'Bearer realm="cut',
    [
      ['bearer', {}],
      ['realm', {}],
    ],
  ],
  ['Bearer realm=https://a/b?c=d', [['bearer', { realm: 'https://a/b?c=d' }]]],
];

describe('parseChallenges', () => {
  it.each(cases)('reads %s', (header, expected) => {
    const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(read).toEqual(expected);
  });

  it('ends in no time on a header made to be slow', () => {
    expect(parseChallenges('Bearer ' + 'a="\\\\'.repeat(5000)).length).toBeLessThan(5000);
    expect(parseChallenges(', '.repeat(10_000))).toEqual([]);
  });
});
