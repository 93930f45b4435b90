/** Lets workers do a thing one after another. */
export interface Turns {
  /** Resolves when it is `owner`'s turn at `name`, which ends by itself after a minute: a worker that hangs holds nobody up. */
  take(owner: number, name: string): Promise<void>;
  giveBack(owner: number, name: string): void;
  /** `owner` is gone: what it had or waited for is the next one's. */
  forget(owner: number): void;
}

interface Waiting {
  readonly owner: number;
  readonly begin: () => void;
}

/** Far more than a turn takes. Whoever goes on for longer does so beside the next, as another replica would. */
const maxTurnMs = 60_000;

/** The turns of all workers, in memory. */
export function createTurns(): Turns {
  /** The first has its turn. */
  const queues = new Map<string, readonly Waiting[]>();
  const timers = new Map<string, NodeJS.Timeout>();

  const put = (name: string, queue: readonly Waiting[]) => {
    const before = queues.get(name)?.[0];
    const [first] = queue;
    if (first === undefined) queues.delete(name);
    else queues.set(name, queue);
    if (first === before) return;
    clearTimeout(timers.get(name));
    timers.delete(name);
    if (first === undefined) return;
    timers.set(
      name,
      setTimeout(() => {
        end(name);
      }, maxTurnMs).unref(),
    );
    first.begin();
  };

  const end = (name: string) => {
    put(name, (queues.get(name) ?? []).slice(1));
  };

  return {
    take: (owner, name) =>
      new Promise((begin) => {
        put(name, [...(queues.get(name) ?? []), { owner, begin }]);
      }),
    giveBack(owner, name) {
      if (queues.get(name)?.[0]?.owner === owner) end(name);
    },
    forget(owner) {
      for (const [name, queue] of [...queues]) {
        put(
          name,
          queue.filter((one) => one.owner !== owner),
        );
      }
    },
  };
}
