import { isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ContentAnswer } from './content-answer.ts';
import { errorResponse, internalErrorResponse, statusOf } from './error-response.ts';
import { nodeOf, type HttpSettings, type RequestContext } from '../options.ts';

/** What callers are told when something goes wrong; what they aren't told stands in the log. */
export interface FaultAnswers {
  responseTo(error: unknown, c: RequestContext): Response;
  /** The same as a value, for the way past Hono. */
  contentOf(error: unknown, c: RequestContext): Promise<ContentAnswer>;
}

export function createFaultAnswers({ log }: { readonly log: Log }, settings: HttpSettings): FaultAnswers {
  const responseTo = (error: unknown, c: RequestContext): Response => {
    const requestId = nodeOf(c).record?.requestId;
    const request = {
      accept: c.req.header('accept'),
      isAnonymous: c.req.header('authorization') === undefined,
      requestId,
      hiddenImage: settings.singleImage,
    };
    if (!isGatewayError(error)) {
      log.error({ err: error, requestId }, 'a request failed');
      return internalErrorResponse(request);
    }
    const fields = { code: error.code, err: error, requestId };
    if (statusOf(error, request) >= 500) log.warn(fields, error.message);
    else log.debug(fields, error.message);
    return errorResponse(error, request);
  };
  return {
    responseTo,
    async contentOf(error, c) {
      const response = responseTo(error, c);
      const body = Buffer.from(await response.arrayBuffer());
      const headers = { ...Object.fromEntries(response.headers), 'content-length': String(body.byteLength) };
      return { status: response.status, headers, body };
    },
  };
}
