import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../errors.ts';

/**
 * REQUEST_INVALID for a request that names two hosts (RFC 9112 section 3.2) or two callers: each program on its way may take
 * another of them for the one that counts.
 */
export function judgeHead({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): GatewayError | undefined {
  let hosts = 0;
  let callers = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (name.length === 13 && name.toLowerCase() === 'authorization') callers += 1;
  }
  if (hosts <= 1 && callers <= 1) return undefined;
  return new GatewayError('REQUEST_INVALID', `there is more than one ${hosts > 1 ? 'Host' : 'Authorization'} header`);
}
