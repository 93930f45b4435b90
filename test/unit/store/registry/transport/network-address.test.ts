import { describe, expect, it } from 'vitest';
import { literalAddress, reachOf } from '../../../../../src/store/registry/transport/network-address.ts';

describe('reachOf', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1', 'public'],
    ['172.32.0.1', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fd00:ec2::254', 'link-local'],
    ['fd20:ce::254', 'link-local'],
    ['100.100.100.200', 'link-local'],
    ['192.0.0.192', 'link-local'],
    ['::ffff:168.63.129.16', 'link-local'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:a00:1', 'private'],
    ['64:ff9b::a00:1', 'private'],
    ['::10.0.0.1', 'private'],
    ['::8.8.8.8', 'private'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['::ffff:8.8.8.8', 'public'],
    ['2001:0:a00:1::1', 'private'],
    ['fd12::1', 'private'],
    ['224.0.0.1', 'private'],
    ['255.255.255.255', 'private'],
    ['name', 'private'],
    ['', 'private'],
  ])('of %s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });
});

describe('literalAddress', () => {
  it.each([
    ['http://127.0.0.1:80/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://[::1]/', '::1'],
    ['http://r.example/', undefined],
  ])('in %s is %s', (url, address) => {
    expect(literalAddress(new URL(url).hostname)).toBe(address);
  });
});
