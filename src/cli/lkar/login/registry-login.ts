import { GatewayError } from '../../../errors.ts';
import { parseChallenges, type Challenge } from '../../../oci/challenge.ts';
import { basicAuthorization } from '../../../oci/basic.ts';
import { resolveLocation } from '../../../store/registry/transport/redirect.ts';
import { fetchToken } from '../../../store/registry/login/token-service.ts';
import { readBytes } from '../http/gateway-answer.ts';
import type { Login } from '../http/gateway-client.ts';
import type { HttpAnswer, HttpClient } from '../http/http-client.ts';
import type { Target } from '../../shared/target.ts';

const maxAnswerBytes = 64 * 1024;

/**
 * Checks a login at an OCI registry itself (distribution-spec, "Determining Support"; distribution's token spec): true where
 * it is good, false where nobody there speaks as a registry does. Throws UNAUTHORIZED or FORBIDDEN where it isn't good.
 */
export async function checkRegistryLogin(http: HttpClient, target: Target, login: Login): Promise<boolean> {
  const url = new URL('/v2/', target.origin);
  const ask = async (authorization?: string) => {
    const answer = await http.send({
      method: 'GET',
      url,
      headers: authorization === undefined ? {} : { authorization },
    });
    await readBytes(answer.body, maxAnswerBytes).catch(() => undefined);
    return answer;
  };
  const first = await ask();
  const challenges = parseChallenges(first.header('www-authenticate') ?? '');
  if (first.status !== 401 || challenges.length === 0) {
    if (first.header('docker-distribution-api-version') === undefined) return false;
    throw new GatewayError('REQUEST_INVALID', `${target.registry} lets everybody in: there is nothing to log in to`);
  }
  const second = await ask(await proofFor(http, target, login, challenges));
  // A token without a scope opens nothing at some registries: that its service gave it is their word.
  const isRefused = second.status === 403 || (second.status === 401 && bearerOf(challenges) === undefined);
  if (isRefused) throw refused(target, second);
  return true;
}

async function proofFor(
  http: HttpClient,
  target: Target,
  { username, password }: Login,
  challenges: readonly Challenge[],
): Promise<string> {
  const bearer = bearerOf(challenges);
  if (bearer === undefined) return basicAuthorization(username, password);
  const realm = resolveLocation(new URL(target.origin), bearer.parameters.get('realm') ?? '');
  const { token } = await fetchToken(
    clientOver(http),
    { realm, service: bearer.parameters.get('service') },
    {
      scope: target.image === undefined ? '' : `repository:${target.image}:pull`,
      credentials: { kind: 'basic', username, password },
      subject: { what: target.name, right: 'pull' },
    },
  );
  return `Bearer ${token}`;
}

function bearerOf(challenges: readonly Challenge[]): Challenge | undefined {
  return challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && URL.canParse(parameters.get('realm') ?? ''),
  );
}

/** What a token service needs of a registry's client, in the terms of this one. */
function clientOver(http: HttpClient): Parameters<typeof fetchToken>[0] {
  return {
    async send({ url, authorization }, maxBytes = maxAnswerBytes) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await http.send({ method: 'GET', url, headers });
      const bytes = await readBytes(answer.body, maxBytes);
      return { status: answer.status, headers: {}, faults: [], url, bytes };
    },
  };
}

function refused({ registry }: Target, { status }: HttpAnswer): GatewayError {
  const code = status === 403 ? 'FORBIDDEN' : 'UNAUTHORIZED';
  return new GatewayError(code, `${registry} doesn't take this user and password`, { details: { status } });
}
