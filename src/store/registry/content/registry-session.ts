import type { Readable } from 'node:stream';
import { GatewayError, isGatewayError } from '../../../errors.ts';
import { isImageName } from '../../../oci/reference.ts';
import type { RegistryAuth } from '../login/registry-auth.ts';
import type { RegistryClient } from '../transport/registry-client.ts';
import type { GatewayCredentials, RegistryCredentials } from '../login/registry-credentials.ts';
import type { RequestSubject } from '../transport/registry-fault.ts';
import type { RegistryAnswer, RegistryRequest } from '../transport/registry-request.ts';
import type { ImageSight, ImageSights } from './image-sights.ts';
import type { RequestBudget } from './request-budget.ts';
import { untilAborted } from '../../../concurrency/aborted.ts';
import { withPatience, type Patience } from '../transport/patience.ts';
import type { MonotonicClock } from '../../../time/monotonic.ts';
import type { CallOptions, Credentials } from '../../store.ts';
import { requestIdHeader } from '../login/token-service.ts';

/** A request on behalf of a session's caller; `subject.right` decides the scope asked for. */
export type SessionRequest = Omit<RegistryRequest, 'authorization' | 'patience'> & { readonly subject: RequestSubject };

/** One caller at one image of a registry: every request carries what proves who they are, to the registry alone. */
export interface RegistrySession {
  readonly image: string;
  readonly client: RegistryClient;
  readonly sight: ImageSight;
  /** `/v2/<image>/<path>` at the registry. */
  url(path: string): URL;
  /** As RegistryClient.send; UNAUTHORIZED where the registry won't know this caller. */
  send(request: SessionRequest, maxBytes?: number): Promise<RegistryAnswer & { readonly bytes: Uint8Array }>;
  /** As RegistryClient.open; UNAUTHORIZED where the registry won't know this caller. */
  open(request: SessionRequest): Promise<RegistryAnswer & { readonly stream: Readable }>;
  /** As RegistryClient.pause. */
  pause(attempt: number, fault: GatewayError): Promise<void>;
  /** Fires when the call that this session serves is to end. */
  readonly signal: AbortSignal | undefined;
  /** Does the work with a session whose requests and pauses all end by the call's signal and patience. */
  during<T>(call: CallOptions | undefined, work: (session: RegistrySession) => Promise<T>): Promise<T>;
}

export interface RegistrySessionDeps extends MonotonicClock {
  readonly client: RegistryClient;
  readonly auth: RegistryAuth;
  readonly gatewayCredentials: GatewayCredentials;
  readonly sights: ImageSights;
  /** Default: as many requests as are wanted. */
  readonly budget?: RequestBudget | undefined;
}

// Quay gives no right at all for a scope with `delete` in it, old token services know `*` alone.
const actions = { pull: ['pull'], push: ['pull,push'], delete: ['pull,push,delete', '*'] } as const;

/** Opens a session; asks nothing yet. Throws IMAGE_INVALID for what is no image name. */
export function createRegistrySession(
  deps: RegistrySessionDeps,
  image: string,
  credentials: Credentials,
  requestId?: string,
): RegistrySession {
  if (!isImageName(image)) {
    throw new GatewayError('IMAGE_INVALID', `${JSON.stringify(image)} can't name an image`, { details: { image } });
  }
  const { client, auth } = deps;

  const authorized = async <T extends RegistryAnswer>(
    asked: SessionRequest,
    patience: Patience,
    send: (request: RegistryRequest) => Promise<T>,
  ): Promise<T> => {
    const { signal } = patience;
    const request = { ...asked, patience };
    const headers = { ...request.headers, ...requestIdHeader(requestId) };
    // A registry may have its uploads taken elsewhere; that place proves itself by its URL.
    if (request.url.origin !== client.origin.origin) return send(request);
    const shown = await untilAborted(registryCredentials(deps, image, credentials), signal);
    const [wanted, fallback] = actions[request.subject.right];
    const alsoRead = request.subject.reads === undefined ? [] : [`repository:${request.subject.reads}:pull`];
    const takeTurn = () => deps.budget?.take(image, patience) ?? Promise.resolve();
    const ask = (action: string) =>
      auth.authorized(
        {
          image,
          credentials: shown,
          scope: [`repository:${image}:${action}`, ...alsoRead].join(' '),
          subject: request.subject,
          requestId,
          signal,
        },
        (authorization) => send({ ...request, headers, authorization, takeTurn }),
      );
    if (fallback === undefined) return ask(wanted);
    const answer = await ask(wanted).catch((error: unknown) => {
      if (!isGatewayError(error, 'UNAUTHORIZED', 'FORBIDDEN') || !auth.usesTokens(image)) throw error;
      return undefined;
    });
    const isRefused = answer === undefined || (answer.status === 403 && auth.usesTokens(image));
    return isRefused ? ask(fallback) : answer;
  };

  const sight = deps.sights.of(image, credentials);
  const within = (patience: Patience): RegistrySession => ({
    image,
    client,
    sight,
    signal: patience.signal,
    url: (path) => new URL(`/v2/${image}/${path}`, client.origin),
    send: (request, maxBytes) => authorized(request, patience, (sent) => client.send(sent, maxBytes)),
    open: (request) => authorized(request, patience, (sent) => client.open(sent)),
    pause: (attempt, fault) => client.pause(attempt, fault, patience),
    during: (call, work) => withPatience(deps, call ?? {}, client.origin.host, (inner) => work(within(inner))),
  });
  return within({});
}

async function registryCredentials(
  { gatewayCredentials }: RegistrySessionDeps,
  image: string,
  credentials: Credentials,
): Promise<RegistryCredentials> {
  return credentials.kind === 'gateway' ? gatewayCredentials.find(image) : credentials;
}
