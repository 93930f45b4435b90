import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../repository/coordinates.ts';
import type { Caller } from '../repository/repository.ts';
import type { TrustedPublishers } from '../trust/trusted-publishers.ts';
import { callerOf, isAnonymous } from './caller-credentials.ts';
import type { Action } from './caller-credentials.ts';
import { createOriginReader } from './caller-origin.ts';
import type { CallerOrigin } from './caller-origin.ts';
import type { Conditions } from './conditional.ts';
import { refuseCrossSite } from './cross-site.ts';
import { nodeOf } from './http-options.ts';
import type { RequestContext, HttpSettings } from './http-options.ts';

/** What the routes ask of a request. */
export interface RequestReader {
  /** Who asks; throws UNAUTHORIZED where the header can't be read, FORBIDDEN for a change that another site's page asks for. */
  caller(c: RequestContext, action: Action): Caller;
  /** Who pushes to that place: as `caller`, or the gateway itself on behalf of a publisher whom its policy trusts. */
  pusher(c: RequestContext, at: RepositoryCoordinates): Promise<Caller>;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(c: RequestContext): Caller;
  origin(c: RequestContext): CallerOrigin;
}

export function createRequestReader(settings: HttpSettings, publishers?: TrustedPublishers): RequestReader {
  const origin = createOriginReader(settings.trustedProxies);
  const read = (c: RequestContext, action: Action) => {
    if (action === 'write') refuseCrossSite(sourceOf(c, origin));
    return identified(callerOf(c.req.header('authorization'), action, settings), c);
  };
  const tokenForUs = ({ credentials }: Caller): string | undefined =>
    credentials.kind === 'bearer' && publishers?.isConcerned(credentials.token) === true
      ? credentials.token
      : undefined;
  const caller = (c: RequestContext, action: Action) => {
    const asking = read(c, action);
    // It proves something to this gateway, and must not reach the registry.
    if (tokenForUs(asking) !== undefined)
      throw new GatewayError('FORBIDDEN', "an issuer's token is good for pushes alone");
    return asking;
  };
  return {
    caller,
    async pusher(c, at) {
      const asking = read(c, 'write');
      const token = tokenForUs(asking);
      return token === undefined || publishers === undefined
        ? asking
        : identified(await publishers.admit(token, at), c);
    },
    keyReader(c) {
      const asking = caller(c, 'read');
      return settings.publicKeys === true && isAnonymous(asking) ? { credentials: { kind: 'gateway' } } : asking;
    },
    origin,
  };
}

function identified(caller: Caller, c: RequestContext): Caller {
  const { record } = nodeOf(c);
  if (record === undefined) return caller;
  const { credentials, name } = caller;
  return {
    credentials,
    name,
    get requestId() {
      return record.requestId;
    },
  };
}

function sourceOf(c: RequestContext, originOf: RequestReader['origin']): Parameters<typeof refuseCrossSite>[0] {
  return {
    fetchSite: c.req.header('sec-fetch-site'),
    origin: c.req.header('origin'),
    hasCredentials: c.req.header('authorization') !== undefined,
    host: originOf(c).host,
  };
}

/** The request's conditional headers. */
export function conditionsOf(c: RequestContext): Conditions {
  return { ifNoneMatch: c.req.header('if-none-match'), ifModifiedSince: c.req.header('if-modified-since') };
}
