import { randomBytes } from 'node:crypto';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { createBoundedCache } from '../../concurrency/bounded-cache.ts';
import { createCallerKeys } from '../../repository/views/caller-key.ts';
import type { Caller } from '../../repository/service/caller.ts';
import { auditName, type Audit, type AuditedAttempt } from './audit.ts';
import { addressKey, type CallerAddresses } from './caller-address.ts';
import { isAnonymous } from './caller-credentials.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { loginProbe } from './login-check.ts';
import { createTokenBuckets } from '../../concurrency/token-buckets.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';

/**
 * Watches who tries to get in. An address whose credentials were refused too often has to wait before the registry is asked
 * again, but for credentials that were good for this very thing lately: others may share the address. Refusals are audited.
 */
export interface Refusals {
  /** Remembers from where this caller asks. */
  note(exchange: Exchange, caller: Caller): Caller;
  /** Whether refusals of this caller count: of callers who say who they are. */
  isKnown(caller: Caller): boolean;
  /** What `work` gives; a refusal counts as one of this caller's. Throws RATE_LIMITED where they have to wait. */
  watch<T>(caller: Caller, place: Place, work: () => Promise<T>): Promise<T>;
}

interface RefusalsDeps {
  readonly audit: Audit;
  readonly addresses: CallerAddresses;
  readonly clock: MonotonicClock;
}

/** What somebody wants to do where. */
export interface Place {
  readonly action: AuditedAttempt['action'];
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
export function createRefusals(deps: RefusalsDeps, options: { readonly refusalsPerMinute: number }): Refusals {
  const { audit, addresses, clock } = deps;
  const { refusalsPerMinute } = options;
  const isLimited = refusalsPerMinute > 0;
  const callerKey = createCallerKeys(randomBytes);
  const buckets = createTokenBuckets(clock, { capacity: refusalsPerMinute, refillMs: minuteMs / refusalsPerMinute });
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
    if (error.code === 'UNAUTHORIZED' || !wasProven) buckets.take(attempt.address);
    // What changes something has a line of its own.
    if (place.action !== 'read' && place.action !== 'login') return;
    const { exchange } = attempt;
    audit.refused(
      exchange,
      { action: place.action, who: auditName(caller, exchange), at: { image: place.image }, files: [] },
      error,
    );
  };

  const watch: Refusals['watch'] = async (caller, place, work) => {
    const attempt = attempts.get(caller);
    if (attempt === undefined) return work();
    const { address } = attempt;
    const key = `${place.action === 'login' ? 'read' : place.action} ${place.image} ${callerKey(caller.credentials)}`;
    const wasProven = proven.get(key) === true;
    const others = judging.get(address);
    const reserved = (others?.size ?? 0) - (others?.has(key) === true ? 1 : 0);
    const waitMs = isLimited && !wasProven && !attempt.isJudged ? buckets.waitMs(address, reserved) : 0;
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
    isKnown: (caller) => attempts.has(caller),
    watch,
  };
}

function tooManyRefusals(waitMs: number): GatewayError {
  return new GatewayError('RATE_LIMITED', 'too many credentials from this address were refused; try again later', {
    details: { retryAfterSeconds: Math.ceil(waitMs / 1000) },
  });
}
