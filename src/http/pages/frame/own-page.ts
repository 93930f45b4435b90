import { GatewayError } from '../../../errors.ts';
import { readBeginning } from '../../../files/read-bounded.ts';
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

const maxFormBytes = 16 * 1024;

/** The fields of a form's body, at most 16 KiB of them; throws REQUEST_INVALID. */
export async function readForm(exchange: Pick<Exchange, 'openBody'>): Promise<URLSearchParams> {
  const { bytes, isWhole } = await readBeginning(exchange.openBody(), maxFormBytes);
  if (!isWhole) throw new GatewayError('REQUEST_INVALID', `the form is over ${maxFormBytes} bytes`);
  return new URLSearchParams(Buffer.from(bytes).toString());
}
