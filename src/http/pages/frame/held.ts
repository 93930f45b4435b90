import type { ListedPackage, ListedRepository } from '../../../repository/service/catalog.ts';

/** What an image or a repository holds. */
export interface Held {
  /** Packages by name. */
  readonly names: number;
  readonly versions: number;
  readonly bytes: number;
  readonly lastPushed: Date | undefined;
}

/** What a repository holds. */
export function heldBy({ names, packages, lastPushed }: ListedRepository): Held {
  return { names, versions: packages.count, bytes: packages.size, lastPushed };
}

/** What repositories hold together; a name counts in each that has it. */
export function heldTogether(repositories: readonly ListedRepository[]): Held {
  const sumOf = (figure: (one: ListedRepository) => number) => repositories.reduce((sum, one) => sum + figure(one), 0);
  const pushes = repositories.flatMap(({ lastPushed }) => lastPushed?.getTime() ?? []);
  return {
    names: sumOf(({ names }) => names),
    versions: sumOf(({ packages }) => packages.count),
    bytes: sumOf(({ packages }) => packages.size),
    lastPushed: pushes.length === 0 ? undefined : new Date(Math.max(...pushes)),
  };
}

/** All architectures that any of them has, those that hold most first. */
export function architecturesOf(repositories: readonly ListedRepository[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { held } of repositories) {
    for (const [architecture, count] of held) counts.set(architecture, (counts.get(architecture) ?? 0) + count);
  }
  return byHeld(counts);
}

/** Architectures by how much they hold, the usual one first of equals. */
export function byHeld(held: ReadonlyMap<string, number>): readonly string[] {
  const rank = (architecture: string) => (architecture === 'x86_64' ? '' : architecture);
  return [...held].toSorted(([a, m], [b, n]) => n - m || (rank(a) < rank(b) ? -1 : 1)).map(([name]) => name);
}

/** What a list of versions holds. */
export function heldIn(versions: readonly ListedPackage[]): Held {
  const latestMs = versions.reduce((ms, { pushedAt }) => Math.max(ms, pushedAt.getTime()), 0);
  return {
    names: new Set(versions.map(({ entry }) => entry.name)).size,
    versions: versions.length,
    bytes: versions.reduce((sum, { size }) => sum + size, 0),
    lastPushed: versions.length === 0 ? undefined : new Date(latestMs),
  };
}
