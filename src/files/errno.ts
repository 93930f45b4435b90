/** The code that the system said no with, such as `ENOENT`; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Whether the system said no with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.some((code) => code === errnoOf(error));
}

/** What `work` on a file gives, or undefined where there is no such file. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
