import { GatewayError } from '../../errors.ts';
import type { HistoryPlace } from '../../repository/service/history.ts';
import type { HistoryDocument } from '../../protocol/lifecycle.ts';
import { cacheControl, jsonAnswer } from '../answer/answer.ts';
import type { RequestReader } from '../caller/request-reader.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpDependencies } from '../options.ts';
import type { RepositoryBase } from '../request/addressing.ts';

type HistoryDependencies = Pick<HttpDependencies, 'repositories'> & { readonly requests: RequestReader };

const usualLimit = 100;
const maxLimit = 10_000;
const maxSkip = 1_000_000;

/** `GET <base>/history.json?limit=&before=&skip=`: what happened in a repository, the latest first; `Link` leads on. */
export function createHistoryList({ repositories, requests }: HistoryDependencies) {
  return async (exchange: Exchange, { at }: RepositoryBase): Promise<Response> => {
    const caller = requests.caller(exchange, 'read');
    const limit = numberOf('limit', exchange.query('limit') ?? String(usualLimit), 1, maxLimit);
    const skip = numberOf('skip', exchange.query('skip') ?? '0', 0, maxSkip);
    const asked = { limit, skip, before: momentOf(exchange.query('before')) };
    const { events, deletionsSince, isComplete, next } = await repositories.history(at, caller, asked);
    const document: HistoryDocument = {
      events: events.map((event) => ({ ...event, at: event.at.toISOString() })),
      deletionsSince: deletionsSince.toISOString(),
      ...{ complete: isComplete, more: next !== undefined },
    };
    const link = next && { Link: nextLink(limit, next) };
    return jsonAnswer(200, document, { ...cacheControl(exchange, 'no-cache'), ...link });
  };
}

function nextLink(limit: number, { before, skip }: HistoryPlace): string {
  const query = new URLSearchParams({ limit: String(limit), before: before.toISOString(), skip: String(skip) });
  return `<?${query.toString()}>; rel="next"`;
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : -1;
  if (number >= min && number <= max) return number;
  throw new GatewayError('REQUEST_INVALID', `${name} is a number from ${min} to ${max}`);
}

function momentOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return new Date(ms);
  throw new GatewayError('REQUEST_INVALID', 'before is a moment such as 2026-01-31T12:00:00Z');
}
