import { GatewayError } from '../../errors.ts';
import type { HistoryDocument } from '../../protocol/lifecycle.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';

type HistoryDependencies = Pick<HttpDependencies, 'repositories'> & { readonly requests: RequestReader };

const usualLimit = 100;
const maxLimit = 10_000;

/** `GET <base>/history.json?limit=&before=`: what happened in a repository, the latest first. */
export function createHistoryList({ repositories, requests }: HistoryDependencies) {
  return async (exchange: Exchange, { at }: RepositoryBase): Promise<Response> => {
    const caller = requests.caller(exchange, 'read');
    const asked = { limit: limitOf(exchange.query('limit')), before: momentOf(exchange.query('before')) };
    const { events, deletionsSince, isComplete } = await repositories.history(at, caller, asked);
    const document: HistoryDocument = {
      events: events.map((event) => ({ ...event, at: event.at.toISOString() })),
      deletionsSince: deletionsSince.toISOString(),
      complete: isComplete,
    };
    return jsonAnswer(200, document, cacheControl(exchange, 'no-cache'));
  };
}

function limitOf(text: string | undefined): number {
  const limit = text === undefined ? usualLimit : /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw new GatewayError('REQUEST_INVALID', `limit is a number from 1 to ${maxLimit}`);
}

function momentOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return new Date(ms);
  throw new GatewayError('REQUEST_INVALID', 'before is a moment such as 2026-01-31T12:00:00Z');
}
