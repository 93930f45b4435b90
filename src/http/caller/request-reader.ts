import { GatewayError } from '../../errors.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { TrustedPublishers } from '../../trust/trusted-publishers.ts';
import type { Refusals } from './refusals.ts';
import type { CallerAddresses } from './caller-address.ts';
import { callerOf, isAnonymous, type Action } from './caller-credentials.ts';
import { createConnectionCallers } from './connection-callers.ts';
import { createOriginReader, type CallerOrigin } from './caller-origin.ts';
import type { Conditions } from '../request/conditional.ts';
import { refuseCrossSite, refuseForeignName } from './cross-site.ts';
import { createOwnNames } from './own-names.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RequestRecord } from '../exchange/request-record.ts';
import type { HttpSettings } from '../options.ts';

/** What the routes ask of a request. */
export interface RequestReader {
  /** Who asks; throws UNAUTHORIZED where the header can't be read, FORBIDDEN for a change that another site's page asks for. */
  caller(exchange: Exchange, action: Action): Caller;
  /** Who asks, where that isn't in the Authorization header: as `caller` gives them. */
  known(exchange: Exchange, caller: Caller): Caller;
  /** Who reads what is at hand, if they were let in lately: as `caller`, but no attempt to get in. */
  peeker(exchange: Exchange): Caller;
  /** Who pushes to that place: as `caller`, or the gateway itself on behalf of a publisher whom its policy trusts. */
  pusher(exchange: Exchange, at: RepositoryCoordinates): Promise<Caller>;
  /** Who asks for a public key: the gateway itself where keys are public and nobody says who they are. */
  keyReader(exchange: Exchange): Caller;
  origin(exchange: Exchange): CallerOrigin;
  /** The origin's host alone, which is all that addresses need. */
  host(exchange: Exchange): string;
}

interface RequestReaderDeps {
  readonly addresses: CallerAddresses;
  readonly refusals: Pick<Refusals, 'note' | 'watch'>;
  readonly publishers: TrustedPublishers | undefined;
}

export function createRequestReader(deps: RequestReaderDeps, settings: HttpSettings): RequestReader {
  const { refusals, publishers } = deps;
  const originReader = createOriginReader(deps.addresses);
  const readerOf = createConnectionCallers(settings);
  const known = (exchange: Exchange, caller: Caller) => refusals.note(exchange, identified(caller, exchange));
  const isOwnName = createOwnNames(settings);
  /** Credentials that nobody judges prove nothing. */
  const isJudged = ({ credentials: { kind } }: Caller) =>
    settings.judgesCallers !== false && settings.hasAskedWho?.() !== false && (kind === 'basic' || kind === 'bearer');

  const refuseForeignReader = (exchange: Exchange, caller: Caller) => {
    // With TLS the name is proven by the certificate; a proxy knows which names it serves.
    const isNameProven = exchange.scheme === 'https' || deps.addresses.isProxied(exchange);
    if (settings.readsForAnybody !== true || isNameProven || isJudged(caller)) return;
    const host = originReader.host(exchange);
    if (!isOwnName(host)) refuseForeignName(host);
  };
  const reader = (exchange: Exchange) => {
    const caller = readerOf(exchange);
    refuseForeignReader(exchange, caller);
    return identified(caller, exchange);
  };
  const writer = (exchange: Exchange) => {
    const caller = callerOf(exchange.header('authorization'), 'write', settings);
    const host = originReader.host(exchange);
    refuseCrossSite({
      fetchSite: exchange.header('sec-fetch-site'),
      origin: exchange.header('origin'),
      hasCredentials: isJudged(caller),
      host,
      isOwnName: isOwnName(host),
    });
    return identified(caller, exchange);
  };
  const read = (exchange: Exchange, action: Action) => (action === 'read' ? reader(exchange) : writer(exchange));
  const tokenForUs = ({ credentials }: Caller): string | undefined =>
    credentials.kind === 'bearer' && publishers?.isConcerned(credentials.token) === true
      ? credentials.token
      : undefined;
  const ordinary = (exchange: Exchange, action: Action) => {
    const asking = read(exchange, action);
    // It proves something to this gateway, and must not reach the registry.
    if (tokenForUs(asking) !== undefined)
      throw new GatewayError('FORBIDDEN', "an issuer's token is good for pushes alone");
    return asking;
  };
  const caller = (exchange: Exchange, action: Action) => refusals.note(exchange, ordinary(exchange, action));
  return {
    caller,
    peeker: (exchange) => ordinary(exchange, 'read'),
    async pusher(exchange, at) {
      const asking = refusals.note(exchange, read(exchange, 'write'));
      const token = tokenForUs(asking);
      if (token === undefined || publishers === undefined) return asking;
      const admit = () => publishers.admit(token, at);
      return identified(await refusals.watch(asking, { action: 'push', image: at.image }, admit), exchange);
    },
    keyReader(exchange) {
      const asking = caller(exchange, 'read');
      return settings.publicKeys === true && isAnonymous(asking) ? { credentials: { kind: 'gateway' } } : asking;
    },
    known,
    origin: (exchange) => originReader.origin(exchange),
    host: (exchange) => originReader.host(exchange),
  };
}

function identified(caller: Caller, exchange: Exchange): Caller {
  return new IdentifiedCaller(caller, exchange.record);
}

// A class: a getter in an object literal gives each object a hidden class of its own, which is expensive.
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

/** The request's conditional headers. */
export function conditionsOf(exchange: Exchange): Conditions {
  return { ifNoneMatch: exchange.header('if-none-match'), ifModifiedSince: exchange.header('if-modified-since') };
}
