import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { createKeptCalls } from '../concurrency/kept-calls.ts';
import { GatewayError } from '../errors.ts';
import { readBounded } from '../files/read-bounded.ts';
import type { MonotonicClock } from '../time/monotonic.ts';

/** The keys that an issuer signs its tokens with. */
export interface IssuerKeys {
  /** Throws STORE_UNAVAILABLE where the issuer doesn't say where they are. */
  of(issuer: string): Promise<JWTVerifyGetKey>;
}

export interface IssuerKeysOptions {
  /** How long keys, and where they are, are kept. Default: 600,000 ms. */
  readonly maxAgeMs?: number | undefined;
  /** How long an issuer is left alone after it failed to answer, or had no such key. Default: 10,000 ms. */
  readonly cooldownMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const maxDocumentBytes = 512 * 1024;
const maxIssuers = 1000;

/** Finds keys by OpenID Connect Discovery 1.0 (section 4), one look for all who wait. */
export function createIssuerKeys(
  deps: { readonly clock: MonotonicClock; readonly fetch?: typeof fetch | undefined },
  options: IssuerKeysOptions = {},
): IssuerKeys {
  const { clock, fetch: get = fetch } = deps;
  const { maxAgeMs = 600_000, cooldownMs = 10_000, timeoutMs = 5000 } = options;
  const life = { clock, ttlMs: maxAgeMs };
  const shareKeys = createKeptCalls<JWTVerifyGetKey>({ max: maxIssuers, life, failedTtlMs: cooldownMs });

  const fetchBounded = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await get(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const { host } = new URL(url);
    if (!answer.ok) throw new Error(`${host} answers ${answer.status}`);
    const bytes = answer.body && (await readBounded(answer.body, maxDocumentBytes, `the answer of ${host}`));
    return new Response(bytes && Buffer.from(bytes), {
      status: answer.status,
      headers: { 'content-type': 'application/json' },
    });
  };

  const discover = async (issuer: string): Promise<JWTVerifyGetKey> => {
    const answer = await fetchBounded(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const document = discoverySchema.parse(await answer.json());
    // Section 4.3: whoever answers for an issuer must say that they are this one.
    if (document.issuer !== issuer) throw new Error(`it calls itself ${document.issuer.slice(0, 200)}`);
    const url = new URL(document.jwks_uri);
    const isAsSafe = url.protocol === 'https:' || (url.protocol === 'http:' && url.origin === new URL(issuer).origin);
    if (!isAsSafe) throw new Error('its keys are not at an https address');
    return createRemoteJWKSet(url, {
      cacheMaxAge: maxAgeMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [customFetch]: (asked, init) => fetchBounded(asked, init),
    });
  };

  return {
    of: (issuer) =>
      shareKeys(issuer, () =>
        discover(issuer).catch((cause: unknown) => {
          const reason = cause instanceof Error ? cause.message : String(cause);
          throw new GatewayError('STORE_UNAVAILABLE', `the keys of ${issuer} can't be had: ${reason}`, { cause });
        }),
      ),
  };
}
