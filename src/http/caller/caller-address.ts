import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Exchange } from '../exchange/exchange.ts';

type Peer = Pick<Exchange, 'connection' | 'header'>;

/** Tells from which address a request comes, and which proxies are believed. */
export interface CallerAddresses {
  /** Whether the peer of this request is a proxy that is believed. */
  isProxied(exchange: Peer): boolean;
  /**
   * The address of who asks: the peer's, or behind proxies that are believed the last one in `X-Forwarded-For` that isn't such
   * a proxy's; all before it anybody could have written. Undefined without a socket.
   */
  addressOf(exchange: Peer): string | undefined;
}

/** So many proxies in a row at most. */
const maxHops = 16;

/** `trustedProxies`: addresses or CIDR ranges. */
export function createCallerAddresses(trustedProxies: readonly string[]): CallerAddresses {
  const proxies = addressesIn(trustedProxies);
  const isTrusted = (address: string | undefined): boolean =>
    address !== undefined && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  const peerOf = ({ connection }: Peer) => plainAddress(connection?.remoteAddress);

  // Each request asks, and asking a list that is empty costs as well.
  if (trustedProxies.length === 0) return { isProxied: () => false, addressOf: peerOf };
  return {
    isProxied: (exchange) => isTrusted(peerOf(exchange)),
    addressOf(exchange) {
      let address = peerOf(exchange);
      if (!isTrusted(address)) return address;
      const hops = (exchange.header('x-forwarded-for') ?? '').split(',').slice(-maxHops);
      for (const hop of hops.toReversed()) {
        const before = addressIn(hop);
        if (before === undefined) return address;
        address = before;
        if (!isTrusted(address)) return address;
      }
      return address;
    },
  };
}

/** The address in one entry, as proxies write them: bare, with a port, or IPv6 in brackets; undefined for `unknown` and its like. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const [, bracketed] = /^\[([^[\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, withoutPort] = /^([\d.]{7,15}):\d{1,5}$/.exec(text) ?? [];
  const address = plainAddress(bracketed ?? withoutPort ?? text);
  return address === undefined || isIP(address) === 0 ? undefined : address;
}

/** One name for all addresses that one caller has: of IPv6 a whole /64 is theirs. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** IPv4 as such where it comes in IPv6's form. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '');
}

function addressesIn(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
