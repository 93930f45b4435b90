import type { Dependency } from '../../apk/dependency.ts';
import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { bestProvider, fulfils, needsOf, provisionsOf, type Provision } from '../../apk/provision.ts';

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
  const there = provisionsIn([...target, ...chosen]);
  const offered = provisionsIn(source);
  const needed: T[] = [];
  const unmet = new Set<string>();
  // What is met stays met, and what the source hasn't it never has: many need the same.
  const settled = new Set<string>();
  const queue: T[] = [...chosen];
  for (const pkg of queue) {
    for (const dependency of needsOf(pkg.entry)) {
      const need = JSON.stringify(dependency);
      if (settled.has(need)) continue;
      settled.add(need);
      if (isMet(there, dependency)) continue;
      const best = bestProvider(fulfilling(offered, dependency), dependency, (pkg) => pkg.entry);
      if (best === undefined) unmet.add(dependency.name);
      else {
        needed.push(best);
        queue.push(best);
        add(there, best);
      }
    }
  }
  return { needed, unmet: [...unmet].sort() };
}

interface Provided<T> {
  readonly pkg: T;
  readonly provision: Provision;
}

type Provisions<T> = Map<string, Provided<T>[]>;

function provisionsIn<T extends Described>(packages: readonly T[]): Provisions<T> {
  const provisions: Provisions<T> = new Map();
  for (const pkg of packages) add(provisions, pkg);
  return provisions;
}

function add<T extends Described>(provisions: Provisions<T>, pkg: T): void {
  for (const provision of provisionsOf(pkg.entry)) {
    const known = provisions.get(provision.name);
    if (known === undefined) provisions.set(provision.name, [{ pkg, provision }]);
    else known.push({ pkg, provision });
  }
}

function isMet<T>(provisions: Provisions<T>, dependency: Dependency): boolean {
  return (provisions.get(dependency.name) ?? []).some(({ provision }) => fulfils(provision, dependency));
}

function fulfilling<T>(provisions: Provisions<T>, dependency: Dependency): readonly T[] {
  const provided = provisions.get(dependency.name) ?? [];
  return provided.filter(({ provision }) => fulfils(provision, dependency)).map(({ pkg }) => pkg);
}
