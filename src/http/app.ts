import { Hono } from 'hono';
import { isGatewayError } from '../errors.ts';
import { textAnswer } from './answer.ts';
import { errorResponse, internalErrorResponse, statusOf } from './error-response.ts';
import { nodeOf, completeHttpOptions } from './http-options.ts';
import type { HttpContext, HttpDependencies, HttpEnv, HttpOptions, HttpSettings } from './http-options.ts';
import { createPublisher } from './publisher.ts';
import { pathOfTarget } from './request-path.ts';
import { createRequestReader } from './request-reader.ts';
import { artifactdRoutes } from './routes/artifactd.ts';
import { buildkiteRoutes } from './routes/buildkite.ts';
import { healthRoutes } from './routes/health.ts';
import { createKeyRoutes } from './routes/keys.ts';
import { lkarRoutes } from './routes/lkar.ts';
import { createPackageRoutes } from './routes/packages.ts';
import { createRepositoryHandler } from './routes/repositories.ts';

/**
 * The HTTP edge as a Hono app, one group of routes a caller; all else is taken for an address of a repository. It needs
 * no socket (`app.request()`); with one, `listen` hands in node's own request and answer.
 */
export function createApp(deps: HttpDependencies, options: HttpOptions): Hono<HttpEnv> {
  const settings = completeHttpOptions(options);
  const requests = createRequestReader(settings, deps.trust?.publishers);
  const publisher = createPublisher({ ...deps, requests }, settings);
  const packages = createPackageRoutes({ ...deps, requests }, settings);
  const keys = createKeyRoutes({ ...deps, requests }, settings);

  const app = new Hono<HttpEnv>({ getPath: rawPath });
  app.route('/', healthRoutes(deps));
  app.route('/', lkarRoutes({ ...deps, requests }, settings));
  app.route('/', buildkiteRoutes({ publisher }, settings));
  app.route('/', artifactdRoutes({ publisher }, settings));
  app.all('*', createRepositoryHandler({ packages, keys, publisher, requests }, settings));
  app.notFound(() =>
    textAnswer(404, 'nothing here; an index is at <image>/<branch>/<repository>/<arch>/APKINDEX.tar.gz'),
  );
  app.onError((error, c) => answerFault(error, c, deps, settings));
  return app;
}

/** The path as it was sent: a URL parser would resolve `..` and `%2e%2e` before anybody could refuse them. */
function rawPath(request: Request, options?: { env?: HttpEnv['Bindings'] }): string {
  return pathOfTarget(options?.env?.incoming?.url ?? request.url);
}

function answerFault(error: Error, c: HttpContext, deps: HttpDependencies, settings: HttpSettings): Response {
  const { requestId } = nodeOf(c);
  const request = {
    accept: c.req.header('accept'),
    isAnonymous: c.req.header('authorization') === undefined,
    requestId,
    hiddenImage: settings.singleImage,
  };
  if (!isGatewayError(error)) {
    deps.log.error({ err: error, requestId }, 'a request failed');
    return internalErrorResponse(request);
  }
  const fields = { code: error.code, err: error, requestId };
  if (statusOf(error, request) >= 500) deps.log.warn(fields, error.message);
  else deps.log.debug(fields, error.message);
  return errorResponse(error, request);
}
