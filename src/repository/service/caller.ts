import type { Credentials } from '../../store/store.ts';

/** Who asks: what the store judges them by, and the name that a package remembers its pusher by. */
export interface Caller {
  readonly credentials: Credentials;
  /** The user's name where one was sent; what a log and `lkar ls -o json` show. */
  readonly name?: string | undefined;
  /** Of the request that asks, for the store's own log. */
  readonly requestId?: string | undefined;
}
