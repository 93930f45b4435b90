import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { heldIn, type Held } from '../frame/held.ts';

/** What a repository's page tells of all its versions; made once for a listing, since there may be many thousands. */
export interface Overview {
  readonly held: Held;
  readonly largest: readonly ListedPackage[];
  /** How many were pushed in each month, by `YYYY-MM` in UTC. */
  readonly pushedIn: ReadonlyMap<string, number>;
}

const maxLargest = 6;

export function overviewOf(versions: readonly ListedPackage[]): Overview {
  const pushedIn = new Map<string, number>();
  for (const { pushedAt } of versions) {
    const month = monthOf(pushedAt);
    pushedIn.set(month, (pushedIn.get(month) ?? 0) + 1);
  }
  return {
    held: heldIn(versions),
    largest: versions.toSorted((a, b) => b.size - a.size).slice(0, maxLargest),
    pushedIn,
  };
}

/** `YYYY-MM` in UTC. */
export function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}
