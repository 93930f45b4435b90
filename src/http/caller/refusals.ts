import { randomBytes } from 'node:crypto';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createCallerKeys } from '../../repository/reading/caller-key.ts';
import type { Caller, Repositories } from '../../repository/repository.ts';
import { auditName, type Audit } from './audit.ts';
import type { CallOptions } from '../../store/store.ts';
import { addressKey, type CallerAddresses } from './caller-address.ts';
import { isAnonymous } from './caller-credentials.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { loginProbe } from './login-check.ts';
import { createTokenBuckets } from '../../concurrency/token-buckets.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';

/**
 * Watches who tries to get in. An address whose credentials were refused too often is told to wait before the registry is asked
 * again, but for credentials that were good for this very thing lately: others may share the address. Refusals are audited.
 */
export interface Attempts {
  /** Remembers from where this caller asks. */
  note(exchange: Exchange, caller: Caller): Caller;
  /** The same service, with its refusals seen. Throws RATE_LIMITED where the caller has to wait. */
  watch(repositories: Repositories): Repositories;
  /** What `work` gives; a refusal counts as one of this caller's. For what isn't asked of the service. */
  watching<T>(caller: Caller, place: Place, work: () => Promise<T>): Promise<T>;
}

interface AttemptsDeps {
  readonly audit: Audit;
  readonly addresses: CallerAddresses;
  readonly clock: MonotonicClock;
}

/** What somebody wants to do where. */
interface Place {
  readonly action: 'read' | 'login' | 'push' | 'delete';
  readonly image: string;
}

interface Attempt {
  readonly exchange: Exchange;
  readonly address: string;
  /** A request that asks for several things is one attempt: it is refused once, and not at all once it got anything. */
  isJudged: boolean;
}

/** Credentials that were good lately, by what for: some MiB. */
const maxProven = 20_000;
const minuteMs = 60_000;

/** `refusalsPerMinute`: of one address; 0 for any number. */
export function createAttempts(deps: AttemptsDeps, options: { readonly refusalsPerMinute: number }): Attempts {
  const { audit, addresses, clock } = deps;
  const { refusalsPerMinute } = options;
  const isLimited = refusalsPerMinute > 0;
  const callerKey = createCallerKeys(randomBytes);
  const refusals = createTokenBuckets(clock, { capacity: refusalsPerMinute, refillMs: minuteMs / refusalsPerMinute });
  const proven = createBoundedCache<true>(maxProven);
  const attempts = new WeakMap<Caller, Attempt>();
  const ofRequests = new WeakMap<Exchange, Attempt>();
  /** By address, the credentials that are being judged. Guesses that come all at once are many; one pusher's requests aren't. */
  const judging = new Map<string, Map<string, number>>();

  const judged = async <T>(key: string, address: string, work: () => Promise<T>): Promise<T> => {
    const ofAddress = judging.get(address) ?? new Map<string, number>();
    judging.set(address, ofAddress);
    ofAddress.set(key, (ofAddress.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (ofAddress.get(key) ?? 1) - 1;
      if (left > 0) ofAddress.set(key, left);
      else ofAddress.delete(key);
      if (ofAddress.size === 0) judging.delete(address);
    }
  };

  const refused = (caller: Caller, attempt: Attempt, place: Place, error: GatewayError, wasProven: boolean): void => {
    if (attempt.isJudged) return;
    attempt.isJudged = true;
    // Some registries say 403 to a wrong password. To somebody whom they know it means no more than it says.
    if (error.code === 'UNAUTHORIZED' || !wasProven) refusals.take(attempt.address);
    if (place.action === 'push' || place.action === 'delete') return;
    const { exchange } = attempt;
    audit.refused(
      exchange,
      { action: place.action, who: auditName(caller, exchange), at: { image: place.image }, files: [] },
      error,
    );
  };

  const watching: Attempts['watching'] = async (caller, place, work) => {
    const attempt = attempts.get(caller);
    if (attempt === undefined) return work();
    const { address } = attempt;
    const key = `${place.action === 'login' ? 'read' : place.action} ${place.image} ${callerKey(caller.credentials)}`;
    const wasProven = proven.get(key) === true;
    const others = judging.get(address);
    const reserved = (others?.size ?? 0) - (others?.has(key) === true ? 1 : 0);
    const waitMs = isLimited && !wasProven && !attempt.isJudged ? refusals.waitMs(address, reserved) : 0;
    if (waitMs > 0) throw tooManyRefusals(waitMs);
    try {
      const result = wasProven ? await work() : await judged(key, address, work);
      proven.set(key, true);
      attempt.isJudged = true;
      return result;
    } catch (error) {
      const isProbe = place.image === loginProbe && isGatewayError(error, 'FORBIDDEN');
      if (isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN') && !isProbe) {
        proven.delete(key);
        refused(caller, attempt, place, error, wasProven);
      }
      throw error;
    }
  };

  const reading = <T>(image: string, caller: Caller, work: () => Promise<T>) =>
    watching(caller, { action: 'read', image }, work);

  /** A list of what one may read says nothing of a wrong password: so that is asked first. */
  const imagesOf = async (service: Repositories, caller: Caller, options?: CallOptions) => {
    const judge = () => service.authorize(loginProbe, caller, options);
    if (attempts.has(caller))
      await watching(caller, { action: 'login', image: loginProbe }, judge).catch(unlessForbidden);
    return service.images(caller, options);
  };

  return {
    note(exchange, caller) {
      const address = addresses.addressOf(exchange);
      const isKnown = !isAnonymous(caller) && caller.credentials.kind !== 'gateway';
      if (!isKnown || address === undefined) return caller;
      const attempt = ofRequests.get(exchange) ?? { exchange, address: addressKey(address), isJudged: false };
      ofRequests.set(exchange, attempt);
      attempts.set(caller, attempt);
      return caller;
    },
    watching,
    watch: (service) => ({
      begin: (at, caller, options) =>
        watching(caller, { action: 'push', image: at.image }, () => service.begin(at, caller, options)),
      withdraw: (at, file, caller, options) =>
        watching(caller, { action: 'delete', image: at.image }, () => service.withdraw(at, file, caller, options)),
      openIndex: (at, architecture, caller, options) =>
        reading(at.image, caller, () => service.openIndex(at, architecture, caller, options)),
      // It has nothing for somebody who wasn't let in lately.
      peekIndex: (at, architecture, caller) => service.peekIndex(at, architecture, caller),
      peekPackage: (at, architecture, file, caller) => service.peekPackage(at, architecture, file, caller),
      listIndex: (at, architecture, caller, options) =>
        reading(at.image, caller, () => service.listIndex(at, architecture, caller, options)),
      findPackage: (at, architecture, file, caller, options) =>
        reading(at.image, caller, () => service.findPackage(at, architecture, file, caller, options)),
      images: (caller, options) => imagesOf(service, caller, options),
      list: (within, caller, options) => reading(within.image, caller, () => service.list(within, caller, options)),
      repositories: (image, caller, options) =>
        reading(image, caller, () => service.repositories(image, caller, options)),
      keys: (image, caller, options) => reading(image, caller, () => service.keys(image, caller, options)),
      authorize: (image, caller, options) =>
        watching(caller, { action: 'login', image }, () => service.authorize(image, caller, options)),
      status: (at, caller, options) => reading(at.image, caller, () => service.status(at, caller, options)),
    }),
  };
}

/** Whoever is known and has no right to the probe is known all the same. */
function unlessForbidden(error: unknown): void {
  if (!isGatewayError(error, 'FORBIDDEN')) throw error;
}

function tooManyRefusals(waitMs: number): GatewayError {
  return new GatewayError('RATE_LIMITED', 'too many credentials from this address were refused; try again later', {
    details: { retryAfterSeconds: Math.ceil(waitMs / 1000) },
  });
}
