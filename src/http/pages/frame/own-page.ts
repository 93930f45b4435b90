import { refuseCrossSite } from '../../caller/cross-site.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { PageFrame } from './layout.tsx';

/** Refuses what a page of another site has a browser ask for: a login, a logout, a change. Throws FORBIDDEN. */
export function refuseForeignPage(exchange: Exchange, { host }: Pick<PageFrame, 'host'>): void {
  const fetchSite = exchange.header('sec-fetch-site');
  const origin = exchange.header('origin');
  refuseCrossSite({ fetchSite, origin, hasCredentials: true, host, isOwnName: true });
}

/** Whether the body is what a form of a page sends. */
export function isForm(exchange: Pick<Exchange, 'header'>): boolean {
  return exchange.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
}
