import { isGatewayError, type GatewayError } from '../../../errors.ts';
import type { Caller } from '../../../repository/service/caller.ts';
import { errorResponse, statusOf } from '../../answer/error-response.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { searchOfTarget } from '../../exchange/request-target.ts';
import type { HttpSettings } from '../../options.ts';
import type { RequestReader } from '../../caller/request-reader.ts';
import { prefersHtml } from '../../request/accept.ts';
import type { Assets } from './assets.ts';
import { ErrorPage } from './error-page.tsx';
import type { PageFrame } from './layout.tsx';
import { pageAnswer, seeOther } from './page-answer.ts';
import type { Sessions } from './session-cookie.ts';

/** A request for a page, and who makes it. */
export interface PageRequest {
  readonly caller: Caller;
  readonly frame: PageFrame;
  readonly query: (name: string) => string | undefined;
  readonly signal: AbortSignal;
}

/** Reads requests for pages, and tells their refusals as pages. */
export interface PageContext {
  /** What `work` answers; a refusal becomes a page, and one for want of credentials leads to the login. */
  answer(exchange: Exchange, work: (request: PageRequest) => Promise<Response>): Promise<Response>;
  /** The request itself; throws UNAUTHORIZED where its credentials can't be read. */
  read(exchange: Exchange): Promise<PageRequest>;
  /** The frame of a page that needs nobody to be known. */
  frame(exchange: Exchange): PageFrame;
}

/** Whether an answer is to be a page. */
export function isForBrowser(exchange: Pick<Exchange, 'header'>): boolean {
  return prefersHtml(exchange.header('accept'));
}

interface PageContextDeps {
  readonly requests: RequestReader;
  readonly sessions: Sessions;
  readonly assets: Assets;
}

export function createPageContext(deps: PageContextDeps, settings: HttpSettings): PageContext {
  const { requests, sessions, assets } = deps;

  const frame = (exchange: Exchange, caller?: Caller, hasSession = false): PageFrame => {
    const { root, host } = requests.origin(exchange);
    const user = caller?.name === undefined ? undefined : { name: caller.name, hasSession };
    const here = `${exchange.path}${searchOfTarget(exchange.target)}`;
    return { prefix: new URL(root).pathname.replace(/\/$/, ''), root, host, assets, user, here };
  };

  const refusal = async (exchange: Exchange, fault: GatewayError, page: PageFrame): Promise<Response> => {
    const isAnonymous = exchange.header('authorization') === undefined;
    const request = { isAnonymous: isAnonymous && page.user === undefined, accept: undefined };
    const status = statusOf(fault, request);
    if (status === 401 && isAnonymous) {
      return seeOther(`${page.prefix}/_auth/login?next=${encodeURIComponent(page.here)}`);
    }
    const hidden = { requestId: exchange.record.requestId, hiddenImage: settings.singleImage };
    const plain = errorResponse(fault, { ...request, ...hidden });
    const headers = Object.fromEntries(
      [...plain.headers].filter(([name]) => name !== 'content-type' && name !== 'cache-control'),
    );
    return pageAnswer(status, <ErrorPage frame={page} status={status} message={await plain.text()} />, headers);
  };

  const read = async (exchange: Exchange): Promise<PageRequest> => {
    const isNamed = exchange.header('authorization') !== undefined;
    const session = isNamed ? undefined : await sessions.caller(exchange.header('cookie'));
    const caller = session === undefined ? requests.caller(exchange, 'read') : requests.known(exchange, session);
    const page = frame(exchange, caller, session !== undefined);
    return { caller, frame: page, query: (name) => exchange.query(name), signal: exchange.signal };
  };

  return {
    frame: (exchange) => frame(exchange),
    read,
    async answer(exchange, work) {
      let page = frame(exchange);
      try {
        const request = await read(exchange);
        page = request.frame;
        return await work(request);
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        return await refusal(exchange, error, page);
      }
    },
  };
}
