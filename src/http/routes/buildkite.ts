import { Hono } from 'hono';
import { parseCoordinates } from '../../protocol/coordinates.ts';
import { jsonAnswer } from '../answer/answer.ts';
import { routed, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HttpSettings } from '../options.ts';
import { describePush, statusOfPush } from '../upload/publish-answer.ts';
import type { Publisher } from '../upload/publisher.ts';
import { splitPath } from '../request/request-path.ts';
import { buildkiteCoordinates } from '../request/upload-forms.ts';
import { placeInQuery } from '../request/query-place.ts';

/** Buildkite's upload: `POST /v2/packages/organizations/<org>/registries/<registry>/packages`, answered with JSON always. */
export function buildkiteRoutes(deps: { readonly publisher: Publisher }, settings: HttpSettings): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.post(
    '/v2/packages/organizations/:org/registries/:registry/packages',
    routed(async (exchange) => {
      const [, , , org = '', , registry = ''] = splitPath(exchange.path);
      const at = parseCoordinates({ ...buildkiteCoordinates({ org, registry }, settings), ...placeInQuery(exchange) });
      const base = { at, path: `/${org}/${registry}/alpine_any/alpine_any/main` };
      const upload = await deps.publisher.publish(exchange, { readings: [{ base, architecture: undefined }] });
      const [first] = upload.packages;
      const summary = {
        id: first?.digest,
        name: first?.fileName,
        organization: { slug: org },
        registry: { slug: registry },
      };
      return jsonAnswer(statusOfPush(upload), { ...summary, ...describePush(upload) });
    }),
  );
  return routes;
}
