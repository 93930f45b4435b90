import * as z from 'zod';
import { GatewayError } from '../../../errors.ts';
import { parseJson } from '../../../oci/json.ts';
import type { RegistryClient } from '../transport/registry-client.ts';
import { basicAuthorization } from '../../../oci/basic.ts';
import type { RegistryCredentials } from './registry-credentials.ts';
import { refusalFault, type RequestSubject } from '../transport/registry-fault.ts';
import type { RegistryAnswer, RegistryRequest } from '../transport/registry-request.ts';

/** Where a registry's Bearer challenge sends its callers for a token. */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** What a token is wanted for; `scope` as in `repository:<image>:pull`, empty where only the login is to be judged. */
export interface TokenRequest {
  readonly scope: string;
  readonly credentials: RegistryCredentials;
  readonly subject: RequestSubject;
  /** Whether these credentials were good for this before. Default: false. */
  readonly hasWorked?: boolean | undefined;
  /** Of the request that it is wanted for: the first of those who share it. */
  readonly requestId?: string | undefined;
}

export interface AccessToken {
  readonly token: string;
  /** From the moment of the answer. */
  readonly lifetimeSeconds: number;
}

const maxTokenAnswerBytes = 64 * 1024;
const clientId = 'lkard';

// Some services answer only `token`, some only `access_token`; none given, a token lives for 60 seconds.
const printable = z.string().regex(/^[\x21-\x7e]+$/);
// What is empty, or no token at all, is as good as none: the other member may be one.
const tokenSchema = printable.optional().catch(undefined);
const tokenAnswerSchema = z.object({
  token: tokenSchema,
  access_token: tokenSchema,
  expires_in: z.number().nonnegative().catch(60).default(60),
});

/**
 * Fetches an access token for a scope (distribution's token spec): by GET, or by the OAuth2 POST for an identity token. Throws
 * UNAUTHORIZED or FORBIDDEN where the service refuses, STORE_ANSWER_INVALID for an answer without a token.
 */
export async function fetchToken(
  client: Pick<RegistryClient, 'send'>,
  service: TokenService,
  { scope, credentials, subject, hasWorked, requestId }: TokenRequest,
): Promise<AccessToken> {
  const send = ([request, maxBytes]: [RegistryRequest, number]) =>
    client.send({ ...request, headers: { ...request.headers, ...requestIdHeader(requestId) } }, maxBytes);
  const posted = credentials.kind === 'identity' ? await send(tokenPost(service, scope, credentials)) : undefined;
  // Services from before OAuth2 know GET alone.
  const isUnknown = posted === undefined || posted.status === 404 || posted.status === 405;
  const answer = isUnknown ? await send(tokenGet(service, scope, credentials)) : posted;
  if (answer.status !== 200) throw refusal({ ...answer, hasWorked }, credentials, subject);
  return readToken(answer.bytes, service);
}

/** `X-Request-Id`, by which this gateway's log and those of who it asks can be read together. */
export function requestIdHeader(requestId: string | undefined): Readonly<Record<string, string>> {
  return requestId === undefined ? {} : { 'x-request-id': requestId };
}

function tokenGet(
  { realm, service }: TokenService,
  scope: string,
  credentials: RegistryCredentials,
): [RegistryRequest, number] {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  // Each scope by itself, as every client sends them: not all services take them apart at spaces.
  for (const one of scope.split(' ').filter(Boolean)) url.searchParams.append('scope', one);
  const authorization = tokenAuthorization(credentials);
  return [{ method: 'GET', operation: 'token', url, authorization, staysAtHost: true }, maxTokenAnswerBytes];
}

function tokenPost(
  { realm, service }: TokenService,
  scope: string,
  credentials: { readonly token: string },
): [RegistryRequest, number] {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, scope });
  if (service !== undefined) form.set('service', service);
  form.set('refresh_token', credentials.token);
  const bytes = Buffer.from(form.toString());
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = { size: bytes.length, open: () => bytes };
  return [{ method: 'POST', operation: 'token', url: realm, headers, body }, maxTokenAnswerBytes];
}

function tokenAuthorization(credentials: RegistryCredentials): string | undefined {
  if (credentials.kind === 'basic') return basicAuthorization(credentials.username, credentials.password);
  if (credentials.kind === 'identity') return basicAuthorization(credentials.username, credentials.token);
  return undefined;
}

// A token service that refuses an anonymous caller wants credentials, whatever status it says that with.
function refusal(answer: RegistryAnswer, credentials: RegistryCredentials, subject: RequestSubject): GatewayError {
  const isRefusal = answer.status === 400 || answer.status === 401 || answer.status === 403;
  const isAnonymous = credentials.kind === 'anonymous';
  const status = isRefusal && (isAnonymous || answer.status === 401) ? 401 : isRefusal ? 403 : answer.status;
  return refusalFault({ ...answer, status }, { what: `a token for ${subject.what}`, right: subject.right });
}

function readToken(bytes: Uint8Array, { realm }: TokenService): AccessToken {
  const parsed = tokenAnswerSchema.safeParse(parseJson(bytes));
  const token = parsed.data?.token ?? parsed.data?.access_token;
  if (parsed.data === undefined || token === undefined) {
    throw new GatewayError('STORE_ANSWER_INVALID', `the token service of ${realm.host} answers without a token`);
  }
  return { token, lifetimeSeconds: parsed.data.expires_in };
}
