/** What all who ask pass through, so that for a moment nobody asks. */
export interface Gate {
  /** Waits until it is open; returns what says that the asking is over. */
  enter(): Promise<() => void>;
  /** Lets nobody in, waits until all who are in have left, does the work and opens again. */
  closedFor<T>(work: () => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  let opening: Promise<void> | undefined;
  const inside = new Set<Promise<void>>();
  return {
    async enter() {
      while (opening !== undefined) await opening;
      let leave = () => {};
      const left = new Promise<void>((resolve) => (leave = resolve));
      inside.add(left);
      return () => {
        inside.delete(left);
        leave();
      };
    },
    async closedFor(work) {
      let open = () => {};
      opening = new Promise((resolve) => (open = resolve));
      try {
        await Promise.all(inside);
        return await work();
      } finally {
        opening = undefined;
        open();
      }
    },
  };
}
