import { GatewayError } from '../../../errors.ts';
import { headerOf, type RegistryAnswer } from './registry-request.ts';

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Where an answer redirects to, as sent; undefined where it doesn't. */
export function redirectLocation(answer: Pick<RegistryAnswer, 'status' | 'headers'>): string | undefined {
  return redirectStatuses.has(answer.status) ? headerOf(answer, 'location') : undefined;
}

/**
 * The absolute form of a `Location` that came from `base` (RFC 9110 section 10.2.2). Throws STORE_ANSWER_INVALID for what is no
 * URL of the web, and for one that leaves https.
 */
export function resolveLocation(base: URL, location: string): URL {
  if (!URL.canParse(location, base.href)) throw invalidLocation('is no URL');
  const target = new URL(location, base);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw invalidLocation('is no URL of the web');
  // A registry behind a proxy that ends TLS often knows itself by http alone.
  if (base.protocol === 'https:' && target.hostname === base.hostname && target.port === '') target.protocol = 'https:';
  refuseDowngrade(base, target);
  // Credentials in a URL are none of ours, and must not become an Authorization.
  target.username = '';
  target.password = '';
  return target;
}

/** Throws STORE_ANSWER_INVALID where going from `base` to `target` would leave https. */
export function refuseDowngrade(base: URL, target: URL): void {
  if (base.protocol === 'https:' && target.protocol !== 'https:') throw invalidLocation('leaves https');
}

function invalidLocation(reason: string): GatewayError {
  return new GatewayError('STORE_ANSWER_INVALID', `the registry points to an address that ${reason}`);
}
