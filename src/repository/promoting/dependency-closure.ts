import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { createProviders } from '../../apk/providing/providers.ts';
import { needsOf } from '../../apk/providing/provision.ts';

interface Described {
  readonly entry: IndexV3Entry;
}

/** What a selection needs beside itself. */
export interface DependencyClosure<T> {
  /** In the order in which they were found to be needed. */
  readonly needed: readonly T[];
  /** Dependencies that neither place has anything for, by name: other repositories have them, or nobody does. */
  readonly unmet: readonly string[];
}

/**
 * What the chosen packages need of their own source: of each dependency that neither the chosen ones nor what is listed at the
 * target fulfils, the newest version in the source that does, and what that one needs in turn.
 */
export function dependencyClosure<T extends Described>(
  chosen: readonly T[],
  source: readonly T[],
  target: readonly Described[],
): DependencyClosure<T> {
  const there = createProviders<Described>([...target, ...chosen]);
  const offered = createProviders(source);
  const needed = new Set<T>();
  const unmet = new Set<string>();
  // What is met stays met, and what the source hasn't it never has: many need the same.
  const settled = new Set<string>();
  const queue: T[] = [...chosen];
  for (const pkg of queue) {
    for (const dependency of needsOf(pkg.entry)) {
      const need = JSON.stringify(dependency);
      if (settled.has(need)) continue;
      settled.add(need);
      if (there.best(dependency) !== undefined) continue;
      const best = offered.best(dependency);
      if (best === undefined) unmet.add(dependency.name);
      else if (!needed.has(best)) {
        needed.add(best);
        queue.push(best);
        offered.prefer(best);
      }
    }
  }
  return { needed: [...needed], unmet: [...unmet].sort() };
}
