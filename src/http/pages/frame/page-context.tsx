import { isGatewayError, type GatewayError } from '../../../errors.ts';
import type { Caller } from '../../../repository/repository.ts';
import { errorResponse, statusOf } from '../../answer/error-response.ts';
import { nodeOf, type HttpContext, type HttpSettings } from '../../options.ts';
import type { RequestReader } from '../../caller/request-reader.ts';
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
  answer(c: HttpContext, work: (request: PageRequest) => Promise<Response>): Promise<Response>;
  /** The request itself; throws UNAUTHORIZED where its credentials can't be read. */
  read(c: HttpContext): Promise<PageRequest>;
  /** The frame of a page that needs nobody to be known. */
  frame(c: HttpContext): PageFrame;
}

interface PageContextDeps {
  readonly requests: RequestReader;
  readonly sessions: Sessions;
  readonly assets: Assets;
}

export function createPageContext(deps: PageContextDeps, settings: HttpSettings): PageContext {
  const { requests, sessions, assets } = deps;

  const frame = (c: HttpContext, caller?: Caller, hasSession = false): PageFrame => {
    const { root, host } = requests.origin(c);
    const user = caller?.name === undefined ? undefined : { name: caller.name, hasSession };
    const here = `${c.req.path}${new URL(c.req.url).search}`;
    return { prefix: new URL(root).pathname.replace(/\/$/, ''), root, host, assets, user, here };
  };

  const refusal = async (c: HttpContext, fault: GatewayError, page: PageFrame): Promise<Response> => {
    const isAnonymous = c.req.header('authorization') === undefined;
    const request = { isAnonymous: isAnonymous && page.user === undefined, accept: undefined };
    const status = statusOf(fault, request);
    if (status === 401 && isAnonymous) {
      return seeOther(`${page.prefix}/_auth/login?next=${encodeURIComponent(page.here)}`);
    }
    const hidden = { requestId: nodeOf(c).record?.requestId, hiddenImage: settings.singleImage };
    const plain = errorResponse(fault, { ...request, ...hidden });
    const headers = Object.fromEntries([...plain.headers].filter(([name]) => name !== 'content-type'));
    return pageAnswer(status, <ErrorPage frame={page} status={status} message={await plain.text()} />, headers);
  };

  const read = async (c: HttpContext): Promise<PageRequest> => {
    const isNamed = c.req.header('authorization') !== undefined;
    const session = isNamed ? undefined : await sessions.caller(c.req.header('cookie'));
    const caller = session === undefined ? requests.caller(c, 'read') : requests.known(c, session);
    const page = frame(c, caller, session !== undefined);
    return { caller, frame: page, query: (name) => c.req.query(name), signal: c.req.raw.signal };
  };

  return {
    frame: (c) => frame(c),
    read,
    async answer(c, work) {
      let page = frame(c);
      try {
        const request = await read(c);
        page = request.frame;
        return await work(request);
      } catch (error) {
        if (!isGatewayError(error)) throw error;
        return await refusal(c, error, page);
      }
    },
  };
}
