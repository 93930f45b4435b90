import { randomUUID } from 'node:crypto';
import type { GatewayError } from '../../errors.ts';

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
  return new LazyRecord(typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : undefined);
}

// A class: a getter in an object literal gives each object a hidden class of its own, which is expensive.
class LazyRecord implements RequestRecord {
  route: string | undefined = undefined;
  refusal: RequestRecord['refusal'] = undefined;
  #requestId: string | undefined;

  constructor(requestId: string | undefined) {
    this.#requestId = requestId;
  }

  get requestId(): string {
    return (this.#requestId ??= randomUUID());
  }
}
