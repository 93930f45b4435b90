import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log, Meter, RequestLine } from '../../ports.ts';
import { pathOfTarget } from './request-target.ts';
import { createRequestRecord, type RequestRecord } from './request-record.ts';

/** What is called for each request. */
export interface ObserveDeps {
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly meter?: Meter | undefined;
}

/** Of a request whose caller left before it was answered, as nginx logs it; nobody gets it. */
const leftStatus = 499;

/**
 * Gives a request its id (the caller's own `X-Request-Id` where it is harmless) and writes one line when it is answered or
 * its caller left; probes of health that go well are for `debug` alone. The line has neither headers nor the query nor a URL's
 * userinfo: any of them may hold a secret.
 */
export function observeRequest(incoming: IncomingMessage, outgoing: ServerResponse, deps: ObserveDeps): RequestRecord {
  const record = createRequestRecord(incoming.headers['x-request-id']);
  const startedAt = deps.clock.now();
  // The socket forgets its peer once it is closed.
  const remote = incoming.socket.remoteAddress;
  outgoing.on('close', () => {
    const durationMs = deps.clock.now() - startedAt;
    // Until a head is written node says 200.
    const status = outgoing.headersSent ? outgoing.statusCode : leftStatus;
    deps.meter?.answered(record.route ?? 'other', incoming.method ?? '', status, durationMs);
    const isForDebug = isProbe(record, status);
    if (!isForDebug && deps.log.isLevelEnabled?.('info') === false) return;
    const { method = '', url = '' } = incoming;
    // Not by spreading another object: with each request that costs more than all the rest of the line.
    const line: RequestLine = {
      requestId: record.requestId,
      method,
      path: pathOfTarget(url).slice(0, 1000),
      userAgent: incoming.headers['user-agent']?.slice(0, 200),
      status,
      durationMs,
      remote,
      isAborted: outgoing.writableFinished ? undefined : true,
    };
    if (isForDebug) deps.log.debug(line, `${line.method} ${line.path} ${line.status}`);
    else writeLine(deps.log, line);
  });
  return record;
}

/** What monitors ask all day, as long as it goes well. */
function isProbe({ route = '' }: RequestRecord, status: number): boolean {
  return status < 400 && (route === '/healthz' || route === '/readyz' || route === '/metrics');
}

function writeLine(log: Log, line: RequestLine): void {
  if (log.request !== undefined) log.request(line);
  else log.info(line, `${line.method} ${line.path} ${line.status}`);
}
