/**
 * Calls that many may share, where each must begin after whoever asked did: who comes while one runs shares the next one
 * with all who come meanwhile.
 */
export function createFreshCalls<T>(): (key: string, call: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  const queued = new Map<string, Promise<T>>();

  const begin = (key: string, call: () => Promise<T>): Promise<T> => {
    const promise = call().finally(() => {
      if (running.get(key) === promise) running.delete(key);
    });
    running.set(key, promise);
    return promise;
  };

  return (key, call) => {
    const current = running.get(key);
    if (current === undefined) return begin(key, call);
    const next =
      queued.get(key) ??
      current
        .catch(() => undefined)
        .then(() => {
          queued.delete(key);
          return begin(key, call);
        });
    queued.set(key, next);
    return next;
  };
}
