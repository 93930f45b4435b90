import { errors, jwtVerify, type JWTPayload } from 'jose';
import { GatewayError } from '../errors.ts';
import { parseJson } from '../oci/json.ts';
import type { RepositoryCoordinates } from '../protocol/coordinates.ts';
import type { Caller } from '../repository/service/caller.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { fitsClaims, isAbout, type PublisherRule, type TrustPolicy } from './policy.ts';

/** Lets in who pushes from CI with a token of its issuer (OpenID Connect), where a policy says so. */
export interface TrustedPublishers {
  /** Whether a Bearer token claims to be of one of the policy's issuers: then it is for this gateway alone. */
  isConcerned(token: string): boolean;
  /**
   * The gateway itself, under the name of who pushes. Throws UNAUTHORIZED for a token that isn't what it claims to be,
   * FORBIDDEN where no rule lets it push here, STORE_UNAVAILABLE where the issuer's keys can't be had.
   */
  admit(token: string, at: RepositoryCoordinates): Promise<Caller>;
}

const maxTokenBytes = 16 * 1024;
const clockToleranceSeconds = 60;
// Only signatures that a public key verifies: with the others whoever can verify can sign.
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export function createTrustedPublishers(deps: {
  readonly policy: () => TrustPolicy;
  readonly issuerKeys: IssuerKeys;
  readonly now: () => number;
}): TrustedPublishers {
  const rulesOf = (token: string): readonly PublisherRule[] => {
    const issuers = issuersOf(token);
    return deps.policy().publishers.filter((rule) => issuers.includes(rule.issuer));
  };

  const verify = async (token: string, issuer: string, audience: string[]): Promise<JWTPayload> => {
    const keys = await deps.issuerKeys.of(issuer);
    const currentDate = new Date(deps.now());
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms,
        currentDate,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (cause) {
      throw refusalOf(cause, issuer);
    }
  };

  return {
    isConcerned: (token) => rulesOf(token).length > 0,
    async admit(token, at) {
      const rules = rulesOf(token);
      const [first] = rules;
      if (first === undefined) throw new GatewayError('UNAUTHORIZED', 'the token is of no issuer that may push here');
      if (token.length > maxTokenBytes)
        throw new GatewayError('UNAUTHORIZED', `the token has over ${maxTokenBytes} bytes`);
      const payload = await verify(token, first.issuer, [...new Set(rules.flatMap(({ audience }) => audience))]);
      if (typeof payload.sub !== 'string')
        throw new GatewayError('UNAUTHORIZED', "the token isn't good: its sub is no text");
      const audiences = [payload.aud ?? []].flat();
      const fitting = rules.filter(
        (rule) => rule.audience.some((one) => audiences.includes(one)) && fitsClaims(rule, payload),
      );
      const name = nameOf(first.issuer, payload.sub);
      if (fitting.some((rule) => isAbout(rule, at))) return { credentials: { kind: 'gateway' }, name };
      throw new GatewayError('FORBIDDEN', `the policy doesn't let ${name} push here`, { details: { who: name } });
    },
  };
}

/** Whom a token claims to be of, however badly it is made: whose it is must not be judged by anybody else. */
function issuersOf(token: string): readonly unknown[] {
  const [, payload] = token.split('.', 2);
  const claims = payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64url'));
  return typeof claims === 'object' && claims !== null && 'iss' in claims ? [claims.iss].flat() : [];
}

/** It goes into logs and manifests. */
function nameOf(issuer: string, subject: string): string {
  return `${issuer} ${subject}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}

function refusalOf(cause: unknown, issuer: string): unknown {
  if (cause instanceof GatewayError) return cause;
  if (cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError)) {
    return new GatewayError('STORE_UNAVAILABLE', `the keys of ${issuer} can't be had`, { cause });
  }
  const reason = cause instanceof errors.JWTExpired ? 'it has expired' : cause.message;
  return new GatewayError('UNAUTHORIZED', `the token isn't good: ${reason}`, { cause });
}
