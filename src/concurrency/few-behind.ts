/** Takes pieces in their order, behind whoever hands them on. */
export interface FewBehind<T> {
  /** Resolves as soon as only a few wait; rejects as one that came before did. */
  push(piece: T): Promise<void>;
  /** Resolves once all are taken; rejects as the first that couldn't be. */
  drained(): Promise<void>;
  /** None of those that wait is taken any more. */
  stop(): void;
}

/** Calls `take` for one piece after the other, at most `depth` behind: so several who take the same pieces wait for none but the slowest. */
export function fewBehind<T>(depth: number, take: (piece: T) => Promise<void> | undefined): FewBehind<T> {
  const waiting: Promise<void>[] = [];
  let last = Promise.resolve();
  let isStopped = false;
  return {
    async push(piece) {
      last = last.then(() => (isStopped ? undefined : take(piece)));
      last.catch(() => undefined);
      waiting.push(last);
      if (waiting.length > depth) await waiting.shift();
    },
    drained: () => last,
    stop() {
      isStopped = true;
    },
  };
}
