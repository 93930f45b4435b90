import { BlockList, isIP } from 'node:net';

/** Where an address leads: onto the open Internet, or somewhere that only this machine or its network can reach. */
export type AddressReach = 'public' | 'private' | 'loopback' | 'link-local';

const subnets: readonly [Exclude<AddressReach, 'public'>, string, number, 'ipv4' | 'ipv6'][] = [
  ['loopback', '127.0.0.0', 8, 'ipv4'],
  ['loopback', '0.0.0.0', 8, 'ipv4'],
  ['loopback', '::', 127, 'ipv6'],
  // 169.254.169.254 hands out the machine's own cloud credentials.
  ['link-local', '169.254.0.0', 16, 'ipv4'],
  ['link-local', 'fe80::', 10, 'ipv6'],
  // So do these: of Amazon and Google over IPv6, Alibaba, Oracle and Azure. None is where a registry's network would be.
  ['link-local', 'fd00:ec2::', 32, 'ipv6'],
  ['link-local', 'fd20:ce::254', 128, 'ipv6'],
  ['link-local', '100.100.100.200', 32, 'ipv4'],
  ['link-local', '192.0.0.192', 32, 'ipv4'],
  ['link-local', '168.63.129.16', 32, 'ipv4'],
  ['private', '10.0.0.0', 8, 'ipv4'],
  ['private', '172.16.0.0', 12, 'ipv4'],
  ['private', '192.168.0.0', 16, 'ipv4'],
  ['private', '100.64.0.0', 10, 'ipv4'],
  ['private', '192.0.0.0', 24, 'ipv4'],
  ['private', '198.18.0.0', 15, 'ipv4'],
  ['private', '224.0.0.0', 3, 'ipv4'],
  ['private', 'fc00::', 7, 'ipv6'],
  ['private', 'fec0::', 10, 'ipv6'],
  ['private', 'ff00::', 8, 'ipv6'],
  ['private', '64:ff9b::', 32, 'ipv6'],
  ['private', '2002::', 16, 'ipv6'],
  // IPv4-compatible, SIIT and Teredo addresses hold IPv4 ones, whatever these lead to.
  ['private', '::', 96, 'ipv6'],
  ['private', '::ffff:0:0:0', 96, 'ipv6'],
  ['private', '2001::', 32, 'ipv6'],
  // For discarding: nobody is there.
  ['private', '100::', 64, 'ipv6'],
  ['private', '192.88.99.0', 24, 'ipv4'],
];

/** The reach of an IP address as text, an IPv4 one in IPv6 form included. What is no address is `private`: never trusted. */
export function reachOf(address: string): AddressReach {
  const family = isIP(address);
  if (family === 0) return 'private';
  for (const reach of ['loopback', 'link-local', 'private'] as const) {
    if (blockListOf(reach).check(address, family === 6 ? 'ipv6' : 'ipv4')) return reach;
  }
  return 'public';
}

/** The IP address that a URL's host spells out, without the brackets of IPv6; undefined where it is a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

function blockListOf(reach: Exclude<AddressReach, 'public'>): BlockList {
  const list = new BlockList();
  for (const [of, network, prefix, family] of subnets) if (of === reach) list.addSubnet(network, prefix, family);
  return list;
}
