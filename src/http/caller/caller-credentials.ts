import { GatewayError } from '../../errors.ts';
import { decodeUserPassword } from '../../oci/basic.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { Credentials } from '../../store/store.ts';

/** What a request is about to do, as far as the caller's rights go. */
export type Action = 'read' | 'write';

export interface CallerOptions {
  /** What a caller without credentials may do with the gateway's own. Default: nothing. */
  readonly anonymousAsGateway?: Action | undefined;
}

/**
 * Who a request comes from by its Authorization header: Basic (RFC 7617, UTF-8), Bearer (RFC 6750 section 2.1), or nobody.
 * Throws UNAUTHORIZED for another scheme and for what can't be read. Passwords may have any length.
 */
export function callerOf(authorization: string | undefined, action: Action, options: CallerOptions): Caller {
  const header = authorization?.trim() ?? '';
  if (header === '') return { credentials: withoutCredentials(action, options) };
  const [scheme, value] = splitScheme(header);
  if (scheme === 'basic') return basicCaller(value, action, options);
  if (scheme === 'bearer' && /^[\x21-\x7e]+$/.test(value)) return { credentials: { kind: 'bearer', token: value } };
  throw new GatewayError('UNAUTHORIZED', `the Authorization header is neither Basic nor Bearer with a token`);
}

/** A user's name as logs, manifests and listings show it: one line, of a length that anybody's name has. */
export function shownName(username: string): string {
  return username.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 256);
}

/** Whether the caller sent nothing to be known by. */
export function isAnonymous(caller: Caller): boolean {
  return caller.credentials.kind === 'anonymous';
}

function withoutCredentials(action: Action, options: CallerOptions): Credentials {
  const isAllowed = options.anonymousAsGateway === 'write' || options.anonymousAsGateway === action;
  return { kind: isAllowed ? 'gateway' : 'anonymous' };
}

function splitScheme(header: string): [string, string] {
  const end = header.indexOf(' ');
  if (end === -1) return [header.toLowerCase(), ''];
  return [header.slice(0, end).toLowerCase(), header.slice(end + 1).trim()];
}

function basicCaller(value: string, action: Action, options: CallerOptions): Caller {
  const login = decodeUserPassword(value);
  if (login === undefined) {
    throw new GatewayError('UNAUTHORIZED', 'the Basic credentials are not base64 of user:password');
  }
  const { username, password } = login;
  // Some clients send an empty pair where they have nothing to say.
  if (username === '' && password === '') return { credentials: withoutCredentials(action, options) };
  return { credentials: { kind: 'basic', username, password }, name: shownName(username) };
}
