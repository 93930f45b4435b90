import { LRUCache } from 'lru-cache';
import { createJoinedCalls } from '../../../concurrency/shared-calls.ts';
import { isGatewayError } from '../../../errors.ts';
import { parseChallenges, type Challenge } from '../../../oci/challenge.ts';
import type { MonotonicClock } from '../../../time/monotonic.ts';
import { untilAborted } from '../../../concurrency/aborted.ts';
import { resolveLocation } from '../transport/redirect.ts';
import type { RegistryClient } from '../transport/registry-client.ts';
import { basicAuthorization } from '../../../oci/basic.ts';
import { hashCredentials, type RegistryCredentials } from './registry-credentials.ts';
import { hasFault, refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import type { RegistryAnswer } from '../transport/registry-request.ts';
import { fetchToken, requestIdHeader, type TokenService } from './token-service.ts';

/** Who asks for what: `scope` as a token service takes it, `repository:<image>:pull,push`. */
export interface Access {
  readonly image: string;
  readonly credentials: RegistryCredentials;
  readonly scope: string;
  readonly subject: RequestSubject;
  /** Told to the token service too. */
  readonly requestId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Shows a registry who asks, in the scheme that it wants. */
export interface RegistryAuth {
  /**
   * Sends with the `Authorization` that suits, asks for a better one where the answer is 401, and sends again. Gives back
   * any other answer; throws UNAUTHORIZED, or FORBIDDEN where credentials are good but don't reach so far.
   */
  authorized<T extends RegistryAnswer>(
    access: Access,
    send: (authorization: string | undefined) => Promise<T>,
  ): Promise<T>;
  /** Whether this image's registry works with access tokens of a scope, as far as is known by now. */
  usesTokens(image: string): boolean;
  /** Whether the registry has asked anybody for credentials yet: one that never does takes any, and judges nobody. */
  hasAskedWho(): boolean;
  /** Takes notice of an answer to a request without credentials. */
  note(answer: Pick<RegistryAnswer, 'status'>): void;
}

type Scheme = { readonly kind: 'basic' } | ({ readonly kind: 'bearer' } & TokenService);
type Proof = { readonly authorization: string | undefined; readonly isFresh: boolean };

const maxRemembered = 10_000;
// Without a token, with one, with one of a wider scope.
const maxRounds = 3;
// Longer than the passwords of any cloud last.
const workedMs = 24 * 60 * 60_000;
// A token must outlive the request that it goes with.
const lifetimeShare = 0.9;

export interface RegistryAuthOptions {
  /**
   * How long a token is kept at most, in ms: one that was given before its owner was shut out is good until it expires.
   * Default: as long as it lives.
   */
  readonly maxTokenAgeMs?: number | undefined;
}

/** Tokens are kept in memory only, by a hash of the credentials and by scope, until they expire. */
export function createRegistryAuth(
  deps: { readonly client: Pick<RegistryClient, 'send' | 'origin'> } & MonotonicClock,
  options: RegistryAuthOptions = {},
): RegistryAuth {
  const { client } = deps;
  const { maxTokenAgeMs = Infinity } = options;
  const schemes = new LRUCache<string, Scheme>({ max: maxRemembered });
  const remembering = { max: maxRemembered, perf: { now: () => deps.monotonicMs() }, ttlResolution: 0 };
  const tokens = new LRUCache<string, string>(remembering);
  const worked = new LRUCache<string, true>({ ...remembering, ttl: workedMs });
  const shareFetch = createJoinedCalls<string>();
  let hasAskedWho = false;
  const note: RegistryAuth['note'] = ({ status }) => {
    hasAskedWho ||= status === 401 || status === 403;
  };

  const prove = async (scheme: Scheme | undefined, access: Access, refused?: string): Promise<Proof> => {
    const { credentials } = access;
    if (credentials.kind === 'bearer') return { authorization: `Bearer ${credentials.token}`, isFresh: true };
    if (scheme === undefined) return { authorization: undefined, isFresh: false };
    if (scheme.kind === 'basic') return { authorization: basicOf(credentials), isFresh: true };
    const key = tokenKey(scheme, access);
    const cached = tokens.get(key);
    if (cached !== undefined && cached !== refused) return { authorization: cached, isFresh: false };
    // One fetch serves many callers, so none of them may end it.
    const authorization = await untilAborted(
      shareFetch(key, () => fetchKept(key, scheme, access)),
      access.signal,
    );
    return { authorization, isFresh: true };
  };

  const fetchKept = async (key: string, service: TokenService, access: Access): Promise<string> => {
    try {
      const { token, lifetimeSeconds } = await fetchToken(client, service, {
        ...access,
        hasWorked: worked.has(workKey(access)),
      });
      const authorization = `Bearer ${token}`;
      const ttl = Math.min(lifetimeSeconds * 1000 * lifetimeShare, maxTokenAgeMs);
      if (ttl > 0) tokens.set(key, authorization, { ttl });
      return authorization;
    } catch (error) {
      // Where the service is out of reach it may have moved: the next caller asks the registry for its challenge again.
      if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN')) schemes.delete(access.image);
      throw error;
    }
  };

  // Google's old registry sends a challenge for /v2/ alone.
  const challengesOf = async (answer: RegistryAnswer, { signal, requestId }: Access): Promise<readonly Challenge[]> => {
    const own = challengesIn(answer);
    if (own.length > 0) return own;
    return challengesIn(
      await client.send({
        ...{ method: 'GET', operation: 'ping', url: new URL('/v2/', client.origin), patience: { signal } },
        headers: requestIdHeader(requestId),
      }),
    );
  };

  const authorized: RegistryAuth['authorized'] = async (asked, send) => {
    let access = asked;
    let proof = await prove(schemes.get(access.image), access);
    for (let round = 1; ; round += 1) {
      const answer = await send(proof.authorization);
      note(answer);
      if (answer.status < 400 && access.credentials.kind !== 'anonymous') worked.set(workKey(access), true);
      if (answer.status !== 401) return { ...answer, hasWorked: worked.has(workKey(access)) };
      const challenges = await challengesOf(answer, access);
      const scheme = chooseScheme(challenges, client.origin);
      const missing = missingScope(challenges);
      const scope = missing === undefined ? access.scope : mergeScopes(access.scope, missing);
      // The registry has judged a fresh proof of the same: it won't think better of it.
      const isFinal = scheme === undefined || round === maxRounds || (proof.isFresh && scope === access.scope);
      const hasWorked = worked.has(workKey(access));
      if (isFinal) throw refusal({ ...answer, hasWorked }, access, missing !== undefined);
      access = { ...access, scope };
      schemes.set(access.image, scheme);
      const next = await prove(scheme, access, proof.authorization);
      if (next.authorization === undefined) throw refusal(answer, access, false);
      proof = { ...next, isFresh: true };
    }
  };

  return {
    authorized,
    usesTokens: (image) => schemes.get(image)?.kind === 'bearer',
    hasAskedWho: () => hasAskedWho,
    note,
  };
}

function challengesIn(answer: RegistryAnswer): readonly Challenge[] {
  const header = answer.headers['www-authenticate'] ?? [];
  return (typeof header === 'string' ? [header] : header).flatMap(parseChallenges);
}

// Artifactory's Bearer challenge may name a realm that is no URL; it means Basic.
function chooseScheme(challenges: readonly Challenge[], origin: URL): Scheme | undefined {
  for (const { scheme, parameters } of challenges) {
    const realm = parameters.get('realm') ?? '';
    if (scheme !== 'bearer' || !URL.canParse(realm)) continue;
    return { kind: 'bearer', realm: resolveLocation(origin, realm), service: parameters.get('service') };
  }
  return challenges.some(({ scheme }) => scheme === 'basic' || scheme === 'bearer') ? { kind: 'basic' } : undefined;
}

function missingScope(challenges: readonly Challenge[]): string | undefined {
  const refusing = challenges.find(({ parameters }) => parameters.get('error') === 'insufficient_scope');
  return refusing && (refusing.parameters.get('scope') ?? '');
}

// Own scope first: some services look at the first alone.
function mergeScopes(own: string, missing: string): string {
  const scopes = new Set([...own.split(' '), ...missing.slice(0, 1024).split(' ')].filter(Boolean));
  return [...scopes].join(' ');
}

function basicOf(credentials: RegistryCredentials): string | undefined {
  if (credentials.kind === 'basic') return basicAuthorization(credentials.username, credentials.password);
  if (credentials.kind === 'identity') return basicAuthorization(credentials.username, credentials.token);
  return undefined;
}

function workKey({ credentials, image, subject }: Access): string {
  return JSON.stringify([hashCredentials(credentials), image, subject.right, subject.reads]);
}

function tokenKey({ realm, service }: TokenService, { credentials, scope }: Access): string {
  return JSON.stringify([hashCredentials(credentials), realm.href, service, scope]);
}

// GitLab says 401 PROTECTED_MANIFEST for what nobody may do; a token of less than was asked for is 401 insufficient_scope.
function refusal(answer: RegistryAnswer, access: Access, isInsufficient: boolean) {
  const isKnown = access.credentials.kind !== 'anonymous';
  const isForbidden = isKnown && (isInsufficient || hasFault(answer, 'PROTECTED_MANIFEST', 'DENIED'));
  return refusalFault({ ...answer, status: isForbidden ? 403 : 401 }, access.subject);
}
