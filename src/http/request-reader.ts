import type { Caller } from '../repository/repository.ts';
import { callerOf, isAnonymous } from './caller-credentials.ts';
import type { Action } from './caller-credentials.ts';
import { createOriginReader } from './caller-origin.ts';
import type { CallerOrigin } from './caller-origin.ts';
import type { Conditions } from './conditional.ts';
import type { HttpContext, HttpSettings } from './http-options.ts';

/** What the routes ask of a request. */
export interface RequestReader {
  /** Who asks; throws UNAUTHORIZED where the header can't be read. */
  caller(c: HttpContext, action: Action): Caller;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(c: HttpContext): Caller;
  origin(c: HttpContext): CallerOrigin;
}

export function createRequestReader(settings: HttpSettings): RequestReader {
  const caller = (c: HttpContext, action: Action) => callerOf(c.req.header('authorization'), action, settings);
  return {
    caller,
    keyReader(c) {
      const asking = caller(c, 'read');
      return settings.publicKeys === true && isAnonymous(asking) ? { credentials: { kind: 'gateway' } } : asking;
    },
    origin: createOriginReader(settings.trustedProxies),
  };
}

/** The request's conditional headers. */
export function conditionsOf(c: HttpContext): Conditions {
  return { ifNoneMatch: c.req.header('if-none-match'), ifModifiedSince: c.req.header('if-modified-since') };
}
