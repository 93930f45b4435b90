import { Hono } from 'hono';
import { createPackageCatalogs } from '../repository/catalog/package-catalogs.ts';
import { routePath } from 'hono/route';
import { notFoundAnswer } from './answer/not-found.ts';
import { createRefusals } from './caller/refusals.ts';
import { watchRepositories } from './caller/watched-repositories.ts';
import { createAudit } from './caller/audit.ts';
import { createCallerAddresses } from './caller/caller-address.ts';
import { createContentServer, type ContentServer } from './routes/content-server.ts';
import { createFaultAnswers } from './answer/fault-answers.ts';
import { exchangeOf, routed, type HttpEnv } from './exchange/hono-exchange.ts';
import { pathOfTarget } from './exchange/request-target.ts';
import { completeHttpOptions, type HealthDependencies, type HttpDependencies, type HttpOptions } from './options.ts';
import { createPages } from './pages/pages.tsx';
import { createPublisher } from './upload/publisher.ts';
import { createUploadSlots } from './upload/upload-slots.ts';
import { createRateLimit, type RateLimit } from './caller/rate-limit.ts';
import { createRequestReader } from './caller/request-reader.ts';
import { artifactdRoutes } from './routes/artifactd.ts';
import { buildkiteRoutes } from './routes/buildkite.ts';
import { healthRoutes } from './routes/health.ts';
import { createKeyRoutes } from './routes/keys.ts';
import { createChangeHandler } from './lifecycle/changes.ts';
import { createListing } from './routes/listing.ts';
import { createPackageFacts } from './routes/package-facts.ts';
import { lkarRoutes } from './routes/lkar.ts';
import { openApiRoutes } from './routes/openapi.ts';
import { createPackageRoutes } from './routes/packages.ts';
import { createSnapshotRoutes } from './routes/snapshots.ts';
import { createHistoryList } from './lifecycle/history-list.ts';
import { createWithdrawnList } from './lifecycle/withdrawn-list.ts';
import { createRepositoryHandler } from './routes/repositories.ts';
import { monotonicMs } from '../time/monotonic.ts';

/** The HTTP edge, put together. */
export interface HttpApp {
  /** All of it. */
  readonly hono: Hono<HttpEnv>;
  /** A shorter way to the same answers for what is asked most, where there is a socket. */
  readonly serveContent: ContentServer;
  /** Why a request is to be refused for how many there were before it. */
  readonly judgeRate: RateLimit;
}

/**
 * The HTTP edge as a Hono app, one group of routes a caller; all else is taken for an address of a repository. It needs
 * no socket (`app.request()`); with one, `listen` hands in node's own request and answer.
 */
export function createApp(given: HttpDependencies, options: HttpOptions): HttpApp {
  const settings = completeHttpOptions(options);
  const addresses = createCallerAddresses(settings.trustedProxies);
  const audit = createAudit(given.log, addresses);
  const refusals = createRefusals({ audit, addresses, clock: { monotonicMs } }, settings);
  const deps = { ...given, audit, repositories: watchRepositories(given.repositories, refusals) };
  const requests = createRequestReader({ addresses, refusals, publishers: deps.trust?.publishers }, settings);
  const payloads = createUploadSlots({ ...settings, maxUploads: settings.maxPayloads });
  const publisher = createPublisher({ ...deps, requests, payloads }, settings);
  const packages = createPackageRoutes({ ...deps, requests }, settings);
  const catalogs = createPackageCatalogs({ ...deps, now: monotonicMs });
  const keys = createKeyRoutes({ ...deps, requests, catalogs }, settings);
  const listing = createListing({ catalogs, requests });
  const change = createChangeHandler({ ...deps, requests }, settings);
  const snapshots = createSnapshotRoutes({ ...deps, requests });
  const withdrawn = createWithdrawnList({ ...deps, requests });
  const history = createHistoryList({ ...deps, requests });
  const facts = createPackageFacts({ repositories: deps.repositories, requests });
  const pages =
    settings.isUiEnabled === false ? undefined : createPages({ ...deps, requests, catalogs, payloads }, settings);

  const app = new Hono<HttpEnv>({ getPath: rawPath });
  app.use(async (c, next) => {
    const { record } = exchangeOf(c);
    if (record.refusal !== undefined) throw record.refusal;
    await next();
    // The template of the handler that answered: never a name.
    record.route ??= routePath(c);
  });
  app.route('/', openApiRoutes({ requests }, settings));
  app.route('/', healthRoutes(deps));
  if (pages !== undefined) app.route('/', pages.routes);
  app.route('/', lkarRoutes({ ...deps, requests }, settings));
  app.route('/', buildkiteRoutes({ publisher }, settings));
  app.route('/', artifactdRoutes({ publisher }, settings));
  app.all(
    '*',
    routed(
      createRepositoryHandler(
        { packages, keys, publisher, requests, listing, facts, change, snapshots, withdrawn, history, pages },
        settings,
      ),
    ),
  );
  app.notFound((c) => notFoundAnswer(exchangeOf(c), settings));
  const faults = createFaultAnswers(deps, settings);
  app.onError((error, c) => faults.responseTo(error, exchangeOf(c)));
  return {
    hono: app,
    serveContent: createContentServer({ packages, requests, faults }, settings),
    judgeRate: createRateLimit({ addresses, clock: { monotonicMs } }, settings),
  };
}

/** Health and metrics alone, for a port of their own. */
export function createHealthApp(deps: HealthDependencies): HttpApp {
  return { hono: healthRoutes(deps), serveContent: () => false, judgeRate: () => undefined };
}

/** The path as it was sent, which is what the exchange has too. */
function rawPath(request: Request, options?: { env?: HttpEnv['Bindings'] }): string {
  return options?.env?.exchange?.path ?? pathOfTarget(request.url);
}
