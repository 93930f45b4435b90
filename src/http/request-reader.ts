import { GatewayError } from '../errors.ts';
import type { RepositoryCoordinates } from '../repository/coordinates.ts';
import type { Caller } from '../repository/repository.ts';
import type { TrustedPublishers } from '../trust/trusted-publishers.ts';
import type { Attempts } from './attempts.ts';
import type { CallerAddresses } from './caller-address.ts';
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
  /** Who asks, where that isn't in the Authorization header: as `caller` gives them. */
  known(c: RequestContext, caller: Caller): Caller;
  /** Who pushes to that place: as `caller`, or the gateway itself on behalf of a publisher whom its policy trusts. */
  pusher(c: RequestContext, at: RepositoryCoordinates): Promise<Caller>;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(c: RequestContext): Caller;
  origin(c: RequestContext): CallerOrigin;
}

interface RequestReaderDeps {
  readonly addresses: CallerAddresses;
  readonly attempts: Pick<Attempts, 'note' | 'watching'>;
  readonly publishers: TrustedPublishers | undefined;
}

export function createRequestReader(deps: RequestReaderDeps, settings: HttpSettings): RequestReader {
  const { attempts, publishers } = deps;
  const origin = createOriginReader(deps.addresses);
  const known = (c: RequestContext, caller: Caller) => attempts.note(c, identified(caller, c));
  const read = (c: RequestContext, action: Action) => {
    if (action === 'write') refuseCrossSite(sourceOf(c, origin));
    return known(c, callerOf(c.req.header('authorization'), action, settings));
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
      if (token === undefined || publishers === undefined) return asking;
      const admit = () => publishers.admit(token, at);
      return identified(await attempts.watching(asking, { action: 'push', image: at.image }, admit), c);
    },
    keyReader(c) {
      const asking = caller(c, 'read');
      return settings.publicKeys === true && isAnonymous(asking) ? { credentials: { kind: 'gateway' } } : asking;
    },
    known,
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
