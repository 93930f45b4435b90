import { GatewayError, isGatewayError } from '../../../errors.ts';
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
import { refuseForeignPage } from './own-page.ts';
import { pageAnswer, seeOther } from './page-answer.ts';
import type { Sessions } from './session-cookie.ts';
import { waysOutOf } from './ways-out.ts';

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
  /** The same for a change that a form asks for: of a page of this gateway, by somebody who is logged in. */
  answerChange(exchange: Exchange, work: (request: PageRequest) => Promise<Response>): Promise<Response>;
  /** Throws UNAUTHORIZED where nobody is logged in, FORBIDDEN where no login is judged here. */
  requireUser(request: PageRequest): void;
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
  readonly now: () => number;
}

export function createPageContext(deps: PageContextDeps, settings: HttpSettings): PageContext {
  const { requests, sessions, assets } = deps;
  const canLogIn = settings.judgesCallers !== false;

  const frame = (exchange: Exchange, caller?: Caller, hasSession = false): PageFrame => {
    const { root, host } = requests.origin(exchange);
    const user = caller?.name === undefined ? undefined : { name: caller.name, hasSession };
    const here = `${exchange.path}${searchOfTarget(exchange.target)}`;
    const prefix = new URL(root).pathname.replace(/\/$/, '');
    return { prefix, root, host, assets, user, canLogIn, here, now: new Date(deps.now()) };
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
    const told = { frame: page, status, message: (await plain.text()).trim(), ways: waysOutOf(exchange) };
    return pageAnswer(status, <ErrorPage {...told} />, headers);
  };

  const read = async (exchange: Exchange): Promise<PageRequest> => {
    const isNamed = exchange.header('authorization') !== undefined;
    const session = isNamed ? undefined : await sessions.caller(exchange.header('cookie'));
    const caller = session === undefined ? requests.caller(exchange, 'read') : requests.known(exchange, session);
    const page = frame(exchange, caller, session !== undefined);
    return { caller, frame: page, query: (name) => exchange.query(name), signal: exchange.signal };
  };

  const requireUser = ({ frame: { user } }: PageRequest) => {
    if (!canLogIn) throw new GatewayError('FORBIDDEN', 'nobody is known here, so pages change nothing');
    if (user === undefined) throw new GatewayError('UNAUTHORIZED', 'log in to change something');
  };

  const answerPage: PageContext['answer'] = async (exchange, work) => {
    let page = frame(exchange);
    try {
      const request = await read(exchange);
      page = request.frame;
      return await work(request);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      return await refusal(exchange, error, page);
    }
  };

  return {
    frame: (exchange) => frame(exchange),
    read,
    requireUser,
    answer: answerPage,
    answerChange: (exchange, work) =>
      answerPage(exchange, (request) => {
        refuseForeignPage(exchange, request.frame);
        requireUser(request);
        return work(request);
      }),
  };
}
