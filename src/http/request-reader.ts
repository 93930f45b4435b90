import type { Caller } from '../repository/repository.ts';
import { callerOf, isAnonymous } from './caller-credentials.ts';
import type { Action } from './caller-credentials.ts';
import { createOriginReader } from './caller-origin.ts';
import type { CallerOrigin } from './caller-origin.ts';
import type { Conditions } from './conditional.ts';
import { refuseCrossSite } from './cross-site.ts';
import type { HttpContext, HttpSettings } from './http-options.ts';

/** What the routes ask of a request. */
export interface RequestReader {
  /** Who asks; throws UNAUTHORIZED where the header can't be read, FORBIDDEN for a change that another site's page asks for. */
  caller(c: HttpContext, action: Action): Caller;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(c: HttpContext): Caller;
  origin(c: HttpContext): CallerOrigin;
}

export function createRequestReader(settings: HttpSettings): RequestReader {
  const origin = createOriginReader(settings.trustedProxies);
  const caller = (c: HttpContext, action: Action) => {
    const authorization = c.req.header('authorization');
    if (action === 'write') refuseCrossSite(sourceOf(c, origin));
    return callerOf(authorization, action, settings);
  };
  return {
    caller,
    keyReader(c) {
      const asking = caller(c, 'read');
      return settings.publicKeys === true && isAnonymous(asking) ? { credentials: { kind: 'gateway' } } : asking;
    },
    origin,
  };
}

function sourceOf(c: HttpContext, originOf: RequestReader['origin']): Parameters<typeof refuseCrossSite>[0] {
  return {
    fetchSite: c.req.header('sec-fetch-site'),
    origin: c.req.header('origin'),
    hasCredentials: c.req.header('authorization') !== undefined,
    host: originOf(c).host,
  };
}

/** The request's conditional headers. */
export function conditionsOf(c: HttpContext): Conditions {
  return { ifNoneMatch: c.req.header('if-none-match'), ifModifiedSince: c.req.header('if-modified-since') };
}
