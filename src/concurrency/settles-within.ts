/** Whether a promise settles within so many ms, however. */
export async function settlesWithin(
  promise: Promise<unknown>,
  ms: number,
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> },
): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, clock.sleep(ms, timer.signal).then(() => false)]);
  } finally {
    timer.abort();
  }
}
