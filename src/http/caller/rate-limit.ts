import { GatewayError } from '../../errors.ts';
import { addressKey, type CallerAddresses } from './caller-address.ts';
import { createTokenBuckets } from '../../concurrency/token-buckets.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';

/** RATE_LIMITED for a request whose address sent too many lately; undefined for one that may be answered. */
export type RateLimit = (exchange: Pick<Exchange, 'path' | 'connection' | 'header'>) => GatewayError | undefined;

// What keeps the gateway alive must not be turned away because others share its address.
const unlimited: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
/** So many seconds' requests may come at once: a client asks for many packages in a row. */
const burstSeconds = 10;

/** `requestsPerSecond`: of one address, on average; 0 for any number. */
export function createRateLimit(
  deps: { readonly addresses: CallerAddresses; readonly clock: MonotonicClock },
  { requestsPerSecond }: { readonly requestsPerSecond: number },
): RateLimit {
  if (requestsPerSecond === 0) return () => undefined;
  const rate = { capacity: requestsPerSecond * burstSeconds, refillMs: 1000 / requestsPerSecond };
  const buckets = createTokenBuckets(deps.clock, rate);
  return (exchange) => {
    const address = deps.addresses.addressOf(exchange);
    if (address === undefined || unlimited.has(exchange.path)) return undefined;
    const key = addressKey(address);
    const waitMs = buckets.waitMs(key);
    if (waitMs > 0) return tooManyRequests(waitMs);
    buckets.take(key);
    return undefined;
  };
}

function tooManyRequests(waitMs: number): GatewayError {
  const details = { retryAfterSeconds: Math.ceil(waitMs / 1000) };
  return new GatewayError('RATE_LIMITED', 'too many requests from this address; try again later', { details });
}
