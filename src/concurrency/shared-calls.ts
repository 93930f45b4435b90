/** Makes a call for a key, or shares one that is made anyway. */
export type ShareCall<T> = (key: string, call: () => Promise<T>) => Promise<T>;

/** Calls that all who come while one runs share, whenever it began. */
export function createJoinedCalls<T>(): ShareCall<T> {
  const running = new Map<string, Promise<T>>();
  return (key, call) => running.get(key) ?? track(running, key, call());
}

/**
 * Calls that many may share, where each must begin after its callers asked: who comes while one runs shares the next one
 * with all who come meanwhile.
 */
export function createFreshCalls<T>(): ShareCall<T> {
  const running = new Map<string, Promise<T>>();
  const queued = new Map<string, Promise<T>>();
  return (key, call) => {
    const current = running.get(key);
    if (current === undefined) return track(running, key, call());
    const next =
      queued.get(key) ??
      current
        .catch(() => undefined)
        .then(() => {
          queued.delete(key);
          return track(running, key, call());
        });
    queued.set(key, next);
    return next;
  };
}

function track<T>(running: Map<string, Promise<T>>, key: string, begun: Promise<T>): Promise<T> {
  const tracked = begun.finally(() => {
    if (running.get(key) === tracked) running.delete(key);
  });
  running.set(key, tracked);
  return tracked;
}
