import { describe, expect, it } from 'vitest';
import { callerOf } from '../../../../src/http/caller/caller-credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('callerOf', () => {
  it.each([
    ['a user', basic('alice:secret'), 'alice', 'secret'],
    ['a password with colons', basic('alice:a:b:c'), 'alice', 'a:b:c'],
    ['text beyond ASCII', basic('zoë:pässwörd€'), 'zoë', 'pässwörd€'],
    ['an empty password', basic('alice:'), 'alice', ''],
    ['a token of 3 KB', basic(`AWS:${'t'.repeat(3000)}`), 'AWS', 't'.repeat(3000)],
    ['a scheme in capitals', basic('a:b').replace('Basic', 'BASIC'), 'a', 'b'],
  ])('reads %s', (_case, header, username, password) => {
    const caller = callerOf(header, 'read', {});
    expect(caller).toEqual({ credentials: { kind: 'basic', username, password }, name: username });
  });

  it('hands a Bearer token on', () => {
    expect(callerOf('Bearer abc.def', 'write', {})).toEqual({ credentials: { kind: 'bearer', token: 'abc.def' } });
  });

  it.each([
    'Digest x',
    'Basic',
    'Basic !!!',
    `Basic ${Buffer.from('nocolon').toString('base64')}`,
    'Bearer',
    'Bearer a b',
  ])('refuses %s as unauthorized', (header) => {
    expect(() => callerOf(header, 'read', {})).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
  });

  it.each([
    [undefined, 'read', undefined, 'anonymous'],
    ['', 'read', undefined, 'anonymous'],
    [basic(':'), 'read', undefined, 'anonymous'],
    [undefined, 'read', 'read', 'gateway'],
    [undefined, 'write', 'read', 'anonymous'],
    [undefined, 'write', 'write', 'gateway'],
    [undefined, 'read', 'write', 'gateway'],
  ] as const)('without credentials: %s to %s, with the gateway for %s, is %s', (header, action, allowed, kind) => {
    expect(callerOf(header, action, { anonymousAsGateway: allowed }).credentials).toEqual({ kind });
  });
});
