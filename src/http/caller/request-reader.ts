import { GatewayError } from '../../errors.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Caller } from '../../repository/repository.ts';
import type { TrustedPublishers } from '../../trust/trusted-publishers.ts';
import type { Attempts } from './refusals.ts';
import type { CallerAddresses } from './caller-address.ts';
import { callerOf, isAnonymous, type Action } from './caller-credentials.ts';
import { createConnectionCallers } from './connection-callers.ts';
import { createOriginReader, type CallerOrigin } from './caller-origin.ts';
import type { Conditions } from '../request/conditional.ts';
import { refuseCrossSite } from './cross-site.ts';
import { nodeOf, type RequestContext, type HttpSettings } from '../options.ts';
import type { RequestRecord } from '../request/request-record.ts';

/** What the routes ask of a request. */
export interface RequestReader {
  /** Who asks; throws UNAUTHORIZED where the header can't be read, FORBIDDEN for a change that another site's page asks for. */
  caller(c: RequestContext, action: Action): Caller;
  /** Who asks, where that isn't in the Authorization header: as `caller` gives them. */
  known(c: RequestContext, caller: Caller): Caller;
  /** Who reads what is at hand, if they were let in lately: as `caller`, but no attempt to get in. */
  peeker(c: RequestContext): Caller;
  /** Who pushes to that place: as `caller`, or the gateway itself on behalf of a publisher whom its policy trusts. */
  pusher(c: RequestContext, at: RepositoryCoordinates): Promise<Caller>;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(c: RequestContext): Caller;
  origin(c: RequestContext): CallerOrigin;
  /** The origin's host alone, which is all that addresses need. */
  host(c: RequestContext): string;
}

interface RequestReaderDeps {
  readonly addresses: CallerAddresses;
  readonly attempts: Pick<Attempts, 'note' | 'watching'>;
  readonly publishers: TrustedPublishers | undefined;
}

export function createRequestReader(deps: RequestReaderDeps, settings: HttpSettings): RequestReader {
  const { attempts, publishers } = deps;
  const originReader = createOriginReader(deps.addresses);
  const readerOf = createConnectionCallers(settings);
  const known = (c: RequestContext, caller: Caller) => attempts.note(c, identified(caller, c));
  const read = (c: RequestContext, action: Action) => {
    if (action === 'read') return identified(readerOf(c), c);
    refuseCrossSite(sourceOf(c, originReader));
    return identified(callerOf(c.req.header('authorization'), action, settings), c);
  };
  const tokenForUs = ({ credentials }: Caller): string | undefined =>
    credentials.kind === 'bearer' && publishers?.isConcerned(credentials.token) === true
      ? credentials.token
      : undefined;
  const reader = (c: RequestContext, action: Action) => {
    const asking = read(c, action);
    // It proves something to this gateway, and must not reach the registry.
    if (tokenForUs(asking) !== undefined)
      throw new GatewayError('FORBIDDEN', "an issuer's token is good for pushes alone");
    return asking;
  };
  const caller = (c: RequestContext, action: Action) => attempts.note(c, reader(c, action));
  return {
    caller,
    peeker: (c) => reader(c, 'read'),
    async pusher(c, at) {
      const asking = attempts.note(c, read(c, 'write'));
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
    origin: (c) => originReader.origin(c),
    host: (c) => originReader.host(c),
  };
}

function identified(caller: Caller, c: RequestContext): Caller {
  const { record } = nodeOf(c);
  return record === undefined ? caller : new IdentifiedCaller(caller, record);
}

// A class: a getter in an object literal gives each object a hidden class of its own, which is dear.
class IdentifiedCaller implements Caller {
  readonly credentials: Caller['credentials'];
  readonly name: string | undefined;
  readonly #record: RequestRecord;

  constructor({ credentials, name }: Caller, record: RequestRecord) {
    this.credentials = credentials;
    this.name = name;
    this.#record = record;
  }

  get requestId(): string {
    return this.#record.requestId;
  }
}

function sourceOf(c: RequestContext, originReader: Pick<RequestReader, 'host'>): Parameters<typeof refuseCrossSite>[0] {
  return {
    fetchSite: c.req.header('sec-fetch-site'),
    origin: c.req.header('origin'),
    hasCredentials: c.req.header('authorization') !== undefined,
    host: originReader.host(c),
  };
}

/** The request's conditional headers. */
export function conditionsOf(c: RequestContext): Conditions {
  return { ifNoneMatch: c.req.header('if-none-match'), ifModifiedSince: c.req.header('if-modified-since') };
}
