import { randomUUID } from 'node:crypto';
import type { GatewayError } from '../errors.ts';

/** What is noted of a request while it is answered, for the log and the metrics. */
export interface RequestRecord {
  /** The caller's own `X-Request-Id` where it is harmless, else a new one. */
  readonly requestId: string;
  /** What kind of thing was asked for, never its name; undefined until that is known. */
  route: string | undefined;
  /** Why it is refused before anybody looks at it. */
  refusal: GatewayError | undefined;
}

/** The record of a request that came with this `X-Request-Id`. An id of its own is made when somebody wants to know it. */
export function createRequestRecord(header: string | string[] | undefined): RequestRecord {
  let requestId = typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : undefined;
  return {
    get requestId() {
      return (requestId ??= randomUUID());
    },
    route: undefined,
    refusal: undefined,
  };
}
