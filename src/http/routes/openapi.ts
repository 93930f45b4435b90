import { Hono } from 'hono';
import { jsonAnswer } from '../answer/answer.ts';
import { describeApi } from '../api/openapi.ts';
import type { HttpEnv, HttpSettings } from '../options.ts';
import type { RequestReader } from '../caller/request-reader.ts';

/** `/openapi.json`: what programs may ask. It names no image and no package, so that everybody may read it. */
export function openApiRoutes(deps: { readonly requests: RequestReader }, settings: HttpSettings): Hono<HttpEnv> {
  const hasSingleImage = settings.singleImage !== undefined;
  const routes = new Hono<HttpEnv>();
  routes.get('/openapi.json', (c) =>
    jsonAnswer(200, describeApi({ serverUrl: deps.requests.origin(c).root, hasSingleImage })),
  );
  return routes;
}
