import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log, Meter } from '../ports.ts';
import { pathOfTarget } from './request-path.ts';
import { createRequestRecord } from './request-record.ts';
import type { RequestRecord } from './request-record.ts';

/** What hears of requests. */
export interface ObserveDeps {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly meter?: Meter | undefined;
}

/**
 * Gives a request its id (the caller's own `X-Request-Id` where it is harmless) and writes one line when it is answered or
 * its caller left. The line has neither headers nor the query nor a URL's userinfo: any of them may hold a secret.
 */
export function observeRequest(incoming: IncomingMessage, outgoing: ServerResponse, deps: ObserveDeps): RequestRecord {
  const record = createRequestRecord(incoming.headers['x-request-id']);
  const startedAt = deps.clock.now();
  // The socket forgets its peer once it is closed.
  const remote = incoming.socket.remoteAddress;
  outgoing.on('close', () => {
    const durationMs = deps.clock.now() - startedAt;
    deps.meter?.answered(record.route ?? 'other', incoming.method ?? '', outgoing.statusCode, durationMs);
    if (deps.log.isLevelEnabled?.('info') === false) return;
    const isAborted = !outgoing.writableFinished;
    const line = describeRequest(incoming);
    const fields = {
      requestId: record.requestId,
      ...line,
      status: outgoing.statusCode,
      durationMs,
      remote,
      ...(isAborted && { isAborted }),
    };
    deps.log.info(fields, `${line.method} ${line.path} ${outgoing.statusCode}`);
  });
  return record;
}

function describeRequest(incoming: IncomingMessage): { method: string; path: string; userAgent?: string } {
  const { method = '', url = '' } = incoming;
  const userAgent = incoming.headers['user-agent']?.slice(0, 200);
  return { method, path: pathOfTarget(url).slice(0, 1000), ...(userAgent !== undefined && { userAgent }) };
}
