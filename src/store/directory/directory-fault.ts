import { GatewayError } from '../../errors.ts';
import { errnoOf } from '../../files/errno.ts';

/** The result, or undefined where a file or folder on the way isn't there. Any other errno is STORE_UNAVAILABLE. */
export async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw diskFault(error);
  }
}

/** STORE_UNAVAILABLE for what a file system did; any other error as it is. */
export function diskFault(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  return new GatewayError('STORE_UNAVAILABLE', `the store's folder can't be used: ${errno}`, {
    details: { reason: errno },
    cause: error,
  });
}
