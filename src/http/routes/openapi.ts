import { Hono } from 'hono';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import { describeApi } from '../api/openapi.ts';
import { routed, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';

/** `/openapi.json`: what programs may ask. It names no image and no package, so that everybody may read it. */
export function openApiRoutes(deps: { readonly requests: RequestReader }, settings: HttpSettings): Hono<HttpEnv> {
  const hasSingleImage = settings.singleImage !== undefined;
  const routes = new Hono<HttpEnv>();
  routes.get(
    '/openapi.json',
    routed((exchange) =>
      jsonAnswer(
        200,
        describeApi({ serverUrl: deps.requests.origin(exchange).root, hasSingleImage }),
        cacheControl(exchange, 'no-cache'),
      ),
    ),
  );
  return routes;
}
