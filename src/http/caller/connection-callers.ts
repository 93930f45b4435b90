import type { Socket } from 'node:net';
import type { Caller } from '../../repository/repository.ts';
import { callerOf, type CallerOptions } from './caller-credentials.ts';
import { nodeOf, type RequestContext } from '../options.ts';

/**
 * Who reads, as `callerOf` says. A client sends the same header with each request of a connection: the last one is
 * remembered with what it means, for as long as the connection is there and no longer, so that nobody's credentials stay in
 * memory when they are gone.
 */
export function createConnectionCallers(options: CallerOptions): (c: RequestContext) => Caller {
  const last = new WeakMap<Socket, { readonly header: string; readonly caller: Caller }>();
  const nobody = callerOf(undefined, 'read', options);
  return (c) => {
    const header = c.req.header('authorization');
    if (header === undefined) return nobody;
    const socket = nodeOf(c).incoming?.socket;
    const known = socket && last.get(socket);
    if (known?.header === header) return known.caller;
    const caller = callerOf(header, 'read', options);
    if (socket !== undefined) last.set(socket, { header, caller });
    return caller;
  };
}
