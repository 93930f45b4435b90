import type { Caller } from '../../repository/service/caller.ts';
import { callerOf, type CallerOptions } from './caller-credentials.ts';
import type { Connection, Exchange } from '../exchange/exchange.ts';

/**
 * Who reads, as `callerOf` says. A client sends the same header with each request of a connection: the last one is
 * remembered with what it means, for as long as the connection is there and no longer, so that nobody's credentials stay in
 * memory when they are gone.
 */
export function createConnectionCallers(options: CallerOptions): (exchange: Exchange) => Caller {
  const last = new WeakMap<Connection, { readonly header: string; readonly caller: Caller }>();
  const nobody = callerOf(undefined, 'read', options);
  return (exchange) => {
    const header = exchange.header('authorization');
    if (header === undefined) return nobody;
    const { connection } = exchange;
    const known = connection && last.get(connection);
    if (known?.header === header) return known.caller;
    const caller = callerOf(header, 'read', options);
    if (connection !== undefined) last.set(connection, { header, caller });
    return caller;
  };
}
