import { GatewayError } from '../../errors.ts';

/** What a request tells of the page that made it. */
export interface RequestSource {
  /** `Sec-Fetch-Site` (Fetch Metadata); plain-http origins other than this machine's don't get it. */
  readonly fetchSite: string | undefined;
  readonly origin: string | undefined;
  /** Whether credentials came that somebody judges. */
  readonly hasCredentials: boolean;
  /** Host and port as the caller wrote them. */
  readonly host: string;
  /** Whether no stranger's name can be written so. */
  readonly isOwnName: boolean;
}

/**
 * Refuses a change that a page of another site has a browser make: a browser adds the credentials it keeps by itself, and
 * reaches a gateway of this machine that asks for none. Programs send neither of the headers and pass. Throws FORBIDDEN.
 */
export function refuseCrossSite({ fetchSite, origin, hasCredentials, host, isOwnName }: RequestSource): void {
  if (fetchSite === undefined && origin === undefined) return;
  if (!isOwnPage(fetchSite, origin, host)) throw crossSite('a page of another site asks for this change');
  // A page can make its own name stand for this machine's address: then all looks like one origin, but for the name.
  if (!hasCredentials && !isOwnName)
    throw crossSite(`a page asks for this change without credentials that anybody judges; ${unknownName(host)}`);
}

function isOwnPage(fetchSite: string | undefined, origin: string | undefined, host: string): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return false;
  if (origin === undefined) return true;
  // A proxy may have ended TLS: only the host can be compared.
  return URL.canParse(origin) && new URL(origin).host === hostIn(host, new URL(origin).protocol);
}

/** Without the port that goes without saying, as an Origin has it. */
function hostIn(host: string, protocol: string): string {
  return URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : host;
}

/**
 * Refuses to read for anybody under a name that may be a stranger's: their page would be of the same origin and see all
 * that this gateway shows to callers without credentials. Throws FORBIDDEN.
 */
export function refuseForeignName(host: string): never {
  throw crossSite(unknownName(host));
}

function unknownName(host: string): string {
  const name = JSON.stringify(host.slice(0, 100));
  return `this gateway isn't known as ${name}; whoever runs it gives it its name with --host-name`;
}

function crossSite(message: string): GatewayError {
  return new GatewayError('FORBIDDEN', message, { details: { isCrossSite: true } });
}
