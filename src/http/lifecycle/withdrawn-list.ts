import type { WithdrawnDocument } from '../../protocol/lifecycle.ts';
import type { WithdrawnPackage } from '../../repository/service/lifecycle.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';
import { exactPage, pageLinks, pagesOf } from '../request/paging.ts';

type WithdrawnDependencies = Pick<HttpDependencies, 'repositories'> & { readonly requests: RequestReader };

const pageSize = 100;

/** `GET <base>/withdrawn.json?page=`: what was withdrawn from a repository and may be restored, the latest first, a hundred a page. */
export function createWithdrawnList({ repositories, requests }: WithdrawnDependencies) {
  return async (exchange: Exchange, { at }: RepositoryBase): Promise<Response> => {
    const caller = requests.caller(exchange, 'read');
    const page = exactPage(exchange.query('page'));
    const asked = { offset: (page - 1) * pageSize, limit: pageSize };
    const found = await repositories.listWithdrawn(at, caller, { ...asked, signal: exchange.signal });
    const paging = { total: found.total, page, pages: pagesOf(found.total, pageSize) };
    const document: WithdrawnDocument = {
      packages: found.packages.map(describe),
      ...{ ...paging, complete: found.isComplete },
    };
    return jsonAnswer(200, document, { ...cacheControl(exchange, 'no-cache'), Link: pageLinks({}, paging) });
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
