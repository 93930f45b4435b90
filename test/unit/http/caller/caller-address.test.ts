import { describe, expect, it } from 'vitest';
import { addressKey, createCallerAddresses } from '../../../../src/http/caller/caller-address.ts';

const asked = (remoteAddress?: string, forwarded?: string) => ({
  connection: remoteAddress === undefined ? undefined : { remoteAddress, setTimeout: () => undefined },
  header: (name: string) => (name === 'x-forwarded-for' ? forwarded : undefined),
});

describe('the address of who asks', () => {
  const addresses = createCallerAddresses(['10.0.0.0/8', 'fd00::/16']);
  it.each([
    ['203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
    // Whoever asks can write the beginning.
    ['10.0.0.1', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['10.0.0.1', '10.9.9.9, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
    ['10.0.0.1', '203.0.113.7:4711, 10.0.0.2:80', '203.0.113.7'],
    ['10.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['10.0.0.1', '[::ffff:203.0.113.7]:4711', '203.0.113.7'],
    ['10.0.0.1', '203.0.113.7:', '10.0.0.1'],
    ['10.0.0.1', '[203.0.113.7', '10.0.0.1'],
    ['10.0.0.1', '[]:80', '10.0.0.1'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', `${'203.0.113.9, '.repeat(1000)}203.0.113.7`, '203.0.113.7'],
  ])('that comes from %s with X-Forwarded-For %j is %s', (remote, forwarded, address) => {
    expect(addresses.addressOf(asked(remote, forwarded))).toBe(address);
  });

  it('is unknown without a socket', () => {
    expect(addresses.addressOf(asked())).toBeUndefined();
  });
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
