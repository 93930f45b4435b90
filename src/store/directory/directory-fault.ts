import { GatewayError } from '../../errors.ts';

/** What a file system said no with, `ENOENT` and the like; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  const isErrno = error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string';
  return isErrno ? String(error.code) : undefined;
}

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
