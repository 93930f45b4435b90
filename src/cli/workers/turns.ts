/** Lets workers do a thing one after another. */
export interface Turns {
  /** Resolves when it is `owner`'s turn at `name`. */
  take(owner: number, name: string): Promise<void>;
  giveBack(owner: number, name: string): void;
  /** `owner` is gone: what it had or waited for is the next one's. */
  forget(owner: number): void;
}

interface Waiting {
  readonly owner: number;
  readonly begin: () => void;
}

export function createTurns(): Turns {
  /** The first has its turn. */
  const queues = new Map<string, Waiting[]>();

  const remove = (name: string, isGone: (owner: number) => boolean) => {
    const queue = queues.get(name) ?? [];
    const [first] = queue;
    const left = queue.filter(({ owner }) => !isGone(owner));
    if (left.length === 0) queues.delete(name);
    else queues.set(name, left);
    if (left[0] !== first) left[0]?.begin();
  };

  return {
    take: (owner, name) =>
      new Promise((begin) => {
        const queue = queues.get(name) ?? [];
        queues.set(name, [...queue, { owner, begin }]);
        if (queue.length === 0) begin();
      }),
    giveBack(owner, name) {
      const [first] = queues.get(name) ?? [];
      if (first?.owner !== owner) return;
      const [, ...left] = queues.get(name) ?? [];
      if (left.length === 0) queues.delete(name);
      else queues.set(name, left);
      left[0]?.begin();
    },
    forget(owner) {
      for (const name of queues.keys()) remove(name, (one) => one === owner);
    },
  };
}
