import { isGatewayError } from '../../../errors.ts';

/** Why nobody was logged in, as the form says it. */
export interface LoginFault {
  readonly status: number;
  readonly told: string;
}

// 401 would bring up the browser's own prompt in front of the form.
const refusedStatus = 403;

/** What the form itself is at fault with. */
export const loginFaults = {
  name: { status: refusedStatus, told: 'That can’t be a user’s name.' },
  tooLong: { status: refusedStatus, told: 'The password is too long for a cookie: use the browser’s prompt.' },
} as const satisfies Record<string, LoginFault>;

/** What a failed check of a login means to who tried; throws what has nothing to do with it. */
export function loginFaultOf(error: unknown): LoginFault {
  if (isGatewayError(error, 'UNAUTHORIZED'))
    return { status: refusedStatus, told: 'The registry doesn’t take this user and password.' };
  if (isGatewayError(error, 'FORBIDDEN'))
    return { status: refusedStatus, told: 'The registry knows this user, but doesn’t let them read here.' };
  if (isGatewayError(error, 'RATE_LIMITED'))
    return { status: 429, told: 'Too many logins failed from this address: try again in a while.' };
  if (isGatewayError(error, 'STORE_UNAVAILABLE', 'OVERLOADED'))
    return { status: 503, told: 'The registry can’t be asked now, so the password wasn’t looked at: try again.' };
  throw error;
}
