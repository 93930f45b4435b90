import type { WithdrawnDocument } from '../../protocol/lifecycle.ts';
import type { WithdrawnPackage } from '../../repository/service/lifecycle.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';

type WithdrawnDependencies = Pick<HttpDependencies, 'repositories'> & { readonly requests: RequestReader };

/** `GET <base>/withdrawn.json`: what was withdrawn from a repository and may be restored, the latest first. */
export function createWithdrawnList({ repositories, requests }: WithdrawnDependencies) {
  return async (exchange: Exchange, { at }: RepositoryBase): Promise<Response> => {
    const caller = requests.caller(exchange, 'read');
    const withdrawn = await repositories.listWithdrawn(at, caller, { signal: exchange.signal });
    const document: WithdrawnDocument = { packages: withdrawn.map(describe) };
    return jsonAnswer(200, document, cacheControl(exchange, 'no-cache'));
  };
}

function describe({ pushedAt, withdrawnAt, fetchableUntil, ...rest }: WithdrawnPackage) {
  return {
    ...rest,
    pushedAt: pushedAt.toISOString(),
    withdrawnAt: withdrawnAt.toISOString(),
    fetchableUntil: fetchableUntil?.toISOString(),
  };
}
