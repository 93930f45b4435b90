import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Caller } from '../../repository/service/caller.ts';
import type { RepositoryReading } from '../../repository/service/reading.ts';
import type { CallOptions } from '../../store/store.ts';
import { isAnonymous } from './caller-credentials.ts';

/** Where a login names no image, the store is asked about this one, that nobody needs to have: only a bad password is refused. */
export const loginProbe = 'lkard/login';

/**
 * Returns where the store knows the caller and, if an image is named, lets them read it. Throws UNAUTHORIZED, also for a
 * caller without credentials, and FORBIDDEN.
 */
export async function checkLogin(
  repositories: Pick<RepositoryReading, 'authorize'>,
  caller: Caller,
  image: string | undefined,
  options: CallOptions,
): Promise<void> {
  if (isAnonymous(caller)) throw new GatewayError('UNAUTHORIZED', 'a login needs a user and a password');
  await repositories.authorize(image ?? loginProbe, caller, options).catch((error: unknown) => {
    if (image !== undefined || !isGatewayError(error, 'FORBIDDEN')) throw error;
  });
}
