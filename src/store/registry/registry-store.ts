import { LRUCache } from 'lru-cache';
import { createSharedClock, type SharedClockDeps } from '../../time/stamps.ts';
import { createRegistryAuth } from './login/registry-auth.ts';
import { listImages } from './content/registry-catalog.ts';
import { createRegistryClient, type RegistryClientDeps } from './transport/registry-client.ts';
import type { RegistryProxies, RegistryTimeouts, RegistryTls } from './transport/registry-dispatch.ts';
import type { GatewayCredentials } from './login/registry-credentials.ts';
import { createImageSights } from './content/image-sights.ts';
import { createTagRemover } from './content/registry-deletes.ts';
import { createRegistrySession } from './content/registry-session.ts';
import { defaultRetryOptions, type RetryOptions } from '../../concurrency/retry.ts';
import { createRequestBudget, type RequestBudgetOptions } from './content/request-budget.ts';
import { createRegistryImage } from './registry-image.ts';
import type { Store } from '../store.ts';
import { withPatience } from './transport/patience.ts';
import { createTagPages } from './content/tag-pages.ts';

export interface RegistryStoreDeps extends Omit<RegistryClientDeps, 'clock'>, SharedClockDeps {
  /** What `{ kind: 'gateway' }` stands for. */
  readonly gatewayCredentials: GatewayCredentials;
  /** Called for each request that waited for its turn, or was refused one. */
  readonly onShort?: RequestBudgetOptions['onShort'];
}

export interface RegistryStoreOptions {
  /** `HOST[:PORT]`, without scheme or path. */
  readonly host: string;
  /** Speaks http. Default: false. */
  readonly plainHttp?: boolean | undefined;
  readonly tls?: RegistryTls | undefined;
  readonly timeouts?: Partial<RegistryTimeouts> | undefined;
  /** Towards the registry and wherever it points to. Default: none. */
  readonly proxies?: RegistryProxies | undefined;
  readonly retry?: Partial<RetryOptions> | undefined;
  /** How long a caller's access token is kept at most, in ms. Default: as long as it lives. */
  readonly maxTokenAgeMs?: number | undefined;
  /** Requests for one image and minute. Default: as many as are wanted. */
  readonly requestsPerMinute?: number | undefined;
  /** How long a request waits for its turn among those, in ms. Default: 5,000. */
  readonly requestWaitMs?: number | undefined;
}

const defaultTimeouts: RegistryTimeouts = { connectMs: 10_000, answerMs: 60_000, commitMs: 300_000, idleMs: 60_000 };
const maxKnownBlobs = 10_000;
/** A registry's own collection may take a blob that no manifest names any more. */
const knownBlobMs = 15 * 60_000;
const maxTagPageBytes = 48 * 1024 * 1024;

/** Creates the store that is an OCI registry (distribution-spec 1.1). Connects to nothing by itself. */
export function createRegistryStore(deps: RegistryStoreDeps, options: RegistryStoreOptions): Store {
  const clock = createSharedClock(deps);
  const client = createRegistryClient(
    { ...deps, clock },
    {
      origin: originOf(options),
      tls: options.tls ?? {},
      proxies: options.proxies,
      timeouts: { ...defaultTimeouts, ...options.timeouts },
      retry: { ...defaultRetryOptions, ...options.retry },
    },
  );
  const auth = createRegistryAuth({ client, monotonicMs: deps.monotonicMs }, options);
  const { requestsPerMinute: perMinute, requestWaitMs: maxWaitMs } = options;
  const pace = { maxWaitMs, onShort: deps.onShort };
  const budget = perMinute === undefined ? undefined : createRequestBudget(deps, { perMinute, ...pace });
  const sights = createImageSights(deps);
  const memory = {
    remover: createTagRemover(deps),
    knownBlobs: new LRUCache<string, true>({ max: maxKnownBlobs, ttl: knownBlobMs }),
    tagPages: createTagPages(maxTagPageBytes),
  };

  return {
    description: `registry ${options.host}`,
    image: (image, credentials, requestId) => {
      const session = createRegistrySession({ ...deps, client, auth, sights, budget }, image, credentials, requestId);
      return createRegistryImage(session, memory);
    },
    imageNames: (credentials, call) =>
      withPatience(deps, call, options.host, (patience) =>
        listImages({ client, auth, ...deps }, credentials, { max: call.max, ...patience }),
      ),
    ...(budget && { spent: (image: string) => budget.spent(image) }),
    stamp: () => clock.stamp(),
    ping: (call = {}) =>
      withPatience(deps, call, options.host, async (patience) => {
        const url = new URL('/v2/', client.origin);
        auth.note(await client.send({ method: 'GET', operation: 'ping', url, isRestartable: false, patience }));
      }),
    hasAskedWho: () => auth.hasAskedWho(),
    close: () => client.close(),
  };
}

// Docker Hub's registry goes by another name than its images do.
function originOf({ host, plainHttp }: RegistryStoreOptions): URL {
  const name = host === 'docker.io' || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
  const href = `${plainHttp === true ? 'http' : 'https'}://${name}/`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url?.pathname !== '/' || url.search + url.hash + url.username !== '')
    throw new TypeError(`not HOST[:PORT]: ${host}`);
  return url;
}
