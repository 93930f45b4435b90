import { GatewayError } from '../../errors.ts';
import type { CallerAddresses } from './caller-address.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** How the caller reaches this gateway, proxies in between included. */
export interface CallerOrigin {
  /** Host and port as the caller wrote them. */
  readonly host: string;
  /** Scheme, host and the path prefix that a proxy took off, without slash at its end. */
  readonly root: string;
}

/** Reads the origin of requests; `X-Forwarded-Proto`, `-Host` and `-Prefix` count only from proxies that are believed. */
export interface OriginReader {
  origin(exchange: Exchange): CallerOrigin;
  /** Its host alone; empty where the caller names none (HTTP/1.0). */
  host(exchange: Exchange): string;
}

export function createOriginReader(addresses: Pick<CallerAddresses, 'isProxied'>): OriginReader {
  const forwardedOf = (exchange: Exchange): ForwardedOrigin =>
    addresses.isProxied(exchange) ? forwardedOrigin(exchange) : direct;
  // Nearly all callers use one name.
  let known: string | undefined;
  const hostOf = (exchange: Exchange, forwarded: ForwardedOrigin): string => {
    const host = forwarded.host ?? exchange.host ?? '';
    if (host !== known && host !== '' && !isHost(host)) throw invalid('Host');
    known = host;
    return host;
  };
  return {
    origin(exchange) {
      const forwarded = forwardedOf(exchange);
      const host = hostOf(exchange, forwarded);
      if (host === '') throw new GatewayError('REQUEST_INVALID', 'this answer holds URLs, which takes a Host header');
      return { host, root: `${forwarded.scheme ?? exchange.scheme}://${host}${forwarded.prefix ?? ''}` };
    },
    host: (exchange) => hostOf(exchange, forwardedOf(exchange)),
  };
}

interface ForwardedOrigin {
  readonly scheme?: string;
  readonly host?: string;
  readonly prefix?: string;
}

const direct: ForwardedOrigin = {};

/** Whether it may stand in a URL: it goes into scripts and documents that others run. */
function isHost(text: string): boolean {
  const isPlain = /^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9A-Fa-f:.]+\](?::\d+)?$/.test(text);
  return isPlain && URL.canParse(`http://${text}/`);
}

function forwardedOrigin(exchange: Exchange): ForwardedOrigin {
  const scheme = firstOf(exchange.header('x-forwarded-proto'));
  const host = firstOf(exchange.header('x-forwarded-host'));
  const prefix = firstOf(exchange.header('x-forwarded-prefix'))?.replace(/(?<!\/)\/+$/, '');
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') throw invalid('X-Forwarded-Proto');
  if (prefix !== undefined && !/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*$/.test(prefix))
    throw invalid('X-Forwarded-Prefix');
  return { ...(scheme && { scheme }), ...(host && { host }), ...(prefix && { prefix }) };
}

/** Each proxy appends its own view; the first entry is what the caller used. */
function firstOf(header: string | undefined): string | undefined {
  const first = header?.split(',', 1)[0]?.trim();
  return first === '' ? undefined : first;
}

function invalid(header: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', `the ${header} header can't be used in a URL`);
}
