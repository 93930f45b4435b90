import { Hono } from 'hono';
import { GatewayError } from '../../errors.ts';
import { parseCoordinates } from '../../protocol/coordinates.ts';
import { routed, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HttpSettings } from '../options.ts';
import { publishAnswer } from '../upload/publish-answer.ts';
import type { Publisher } from '../upload/publisher.ts';
import { artifactdCoordinates } from '../request/upload-forms.ts';
import { placeInQuery } from '../request/query-place.ts';

/** artifactd's upload: `POST /addpkg?provider=apk&reponame=NAME[&branch=…&repository=…]`, a multipart form. */
export function artifactdRoutes(deps: { readonly publisher: Publisher }, settings: HttpSettings): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.post(
    '/addpkg',
    routed(async (exchange) => {
      const provider = exchange.query('provider');
      const name = exchange.query('reponame');
      if (provider !== 'apk') throw invalid(`provider ${JSON.stringify(provider ?? '')} is not served; apk is`);
      if (name === undefined || name === '') throw invalid('reponame is missing');
      const at = parseCoordinates({ ...artifactdCoordinates(name, settings), ...placeInQuery(exchange) });
      const reading = { base: { at, path: '/addpkg' }, architecture: undefined };
      return publishAnswer(await deps.publisher.publish(exchange, { readings: [reading] }), exchange.header('accept'));
    }),
  );
  return routes;
}

function invalid(message: string): GatewayError {
  return new GatewayError('REQUEST_INVALID', message);
}
