import { BlockList, isIPv6 } from 'node:net';
import { GatewayError } from '../errors.ts';
import { nodeOf } from './http-options.ts';
import type { RequestContext } from './http-options.ts';

/** How the caller reaches this gateway, proxies in between included. */
export interface CallerOrigin {
  /** Host and port as the caller wrote them. */
  readonly host: string;
  /** Scheme, host and the path prefix that a proxy took off, without slash at its end. */
  readonly root: string;
}

/** Reads the origin of requests; `X-Forwarded-Proto`, `-Host` and `-Prefix` count only from the proxies given. */
export function createOriginReader(trustedProxies: readonly string[]): (c: RequestContext) => CallerOrigin {
  const proxies = addressesOf(trustedProxies);
  return (c) => {
    const forwarded = isTrusted(nodeOf(c).incoming?.socket.remoteAddress, proxies) ? forwardedOrigin(c) : {};
    const host = forwarded.host ?? c.req.header('host') ?? new URL(c.req.url).host;
    // It goes into scripts and documents that others run.
    if (!/^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9A-Fa-f:.]+\](?::\d+)?$/.test(host)) throw invalid('Host');
    return { host, root: `${forwarded.scheme ?? schemeOf(c)}://${host}${forwarded.prefix ?? ''}` };
  };
}

function schemeOf(c: RequestContext): string {
  return c.req.url.startsWith('https:') ? 'https' : 'http';
}

function forwardedOrigin(c: RequestContext): { scheme?: string; host?: string; prefix?: string } {
  const scheme = firstOf(c.req.header('x-forwarded-proto'));
  const host = firstOf(c.req.header('x-forwarded-host'));
  const prefix = firstOf(c.req.header('x-forwarded-prefix'))?.replace(/\/+$/, '');
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') throw invalid('X-Forwarded-Proto');
  if (prefix !== undefined && !/^(?:\/[A-Za-z0-9._~-]+)*$/.test(prefix)) throw invalid('X-Forwarded-Prefix');
  return { ...(scheme && { scheme }), ...(host && { host }), ...(prefix && { prefix }) };
}

/** Each proxy appends its own view; the first entry is what the caller used. */
function firstOf(header: string | undefined): string | undefined {
  const first = header?.split(',', 1)[0]?.trim();
  return first === '' ? undefined : first;
}

function addressesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isTrusted(remote: string | undefined, proxies: BlockList): boolean {
  if (remote === undefined || proxies.rules.length === 0) return false;
  const address = remote.replace(/^::ffff:(?=\d+\.)/, '');
  return proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function invalid(header: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', `the ${header} header can't be used in a URL`);
}
