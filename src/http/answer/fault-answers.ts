import { isGatewayError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { ContentAnswer } from './content-answer.ts';
import { errorResponse, internalErrorResponse, statusOf } from './error-response.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpSettings } from '../options.ts';

/** What callers are told when something goes wrong; what they aren't told is in the log. */
export interface FaultAnswers {
  responseTo(error: unknown, exchange: Exchange): Response;
  /** The same as a value, for the way past Hono. */
  contentOf(error: unknown, exchange: Exchange): Promise<ContentAnswer>;
}

export function createFaultAnswers({ log }: { readonly log: Log }, settings: HttpSettings): FaultAnswers {
  const responseTo = (error: unknown, exchange: Exchange): Response => {
    const requestId = exchange.record.requestId;
    const request = {
      accept: exchange.header('accept'),
      isAnonymous: exchange.header('authorization') === undefined,
      requestId,
      hiddenImage: settings.singleImage,
    };
    if (!isGatewayError(error)) {
      log.error({ err: error, requestId }, 'a request failed');
      return internalErrorResponse(request);
    }
    const fields = { code: error.code, err: error, requestId };
    if (statusOf(error, request) >= 500) log.warn(fields, error.message);
    // Callers aren't told all of it.
    else if (error.told !== undefined) log.info(fields, error.message);
    else log.debug(fields, error.message);
    return errorResponse(error, request);
  };
  return {
    responseTo,
    async contentOf(error, exchange) {
      const response = responseTo(error, exchange);
      const body = Buffer.from(await response.arrayBuffer());
      const headers = { ...Object.fromEntries(response.headers), 'content-length': String(body.byteLength) };
      return { status: response.status, headers, body };
    },
  };
}
