import { NOARCH } from '../../apk/architectures.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { MonotonicMs } from '../../time/monotonic.ts';
import type { StoredIndex, StoredIndexes } from '../index/stored-index.ts';
import type { SigningKey } from '../keys/signing-keys.ts';
import type { Groups } from './groups.ts';

/** What reads the indexes of a look. */
export interface ReadingDeps {
  readonly storedIndexes: StoredIndexes;
  readonly groups: Groups;
}

/** Architectures by name, and whether each that the image shows is meant beside them. */
export interface Asked {
  readonly named: readonly string[];
  readonly isOpen: boolean;
}

/**
 * Indexes that were read or put, and needn't be asked for again: a look has to list after that, and no more. Who put one has
 * read it, as far as a look is concerned: the tag named it before the answer came.
 */
export interface KnownIndexes {
  readonly stored: ReadonlyMap<string, StoredIndex>;
  /** Each tag named its version at this moment or later. */
  readonly sinceMs: MonotonicMs;
}

export interface LookOptions extends CallOptions {
  readonly known?: KnownIndexes | undefined;
}

/** The indexes, and a listing made after all of them were read. */
export async function readThenList(
  deps: ReadingDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  { named, isOpen }: Asked,
  keys: readonly SigningKey[],
  options: LookOptions,
) {
  const shownBy = async (listing: readonly string[]) =>
    isOpen ? await deps.groups.architecturesOf(image, at, listing, options) : [];
  let architectures = [...new Set([...named, ...(await shownBy(isOpen ? await image.tags(options) : []))])];
  for (;;) {
    const stored = await readIndexes(deps, image, at, architectures, keys, options);
    const listing = await image.tags(options);
    const shown = await shownBy(listing);
    // One appeared since, whose index wasn't read before this listing: again. None is dropped, so listings that contradict
    // each other end this all the same.
    const known = architectures;
    if (shown.every((one) => known.includes(one))) return { architectures, stored, listing };
    architectures = [...new Set([...architectures, ...shown])];
  }
}

/** The stored indexes of these architectures; noarch's own beside them where one has none. */
export async function readIndexes(
  { storedIndexes }: ReadingDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  architectures: readonly string[],
  keys: readonly SigningKey[],
  { known, ...call }: LookOptions,
): Promise<ReadonlyMap<string, StoredIndex>> {
  const read = async (architecture: string) =>
    [
      architecture,
      known?.stored.get(architecture) ?? (await storedIndexes.read(image, { ...at, architecture }, keys, call)),
    ] as const;
  const found = new Map<string, StoredIndex>();
  for (const [architecture, stored] of await Promise.all(architectures.map(read))) {
    if (stored !== undefined) found.set(architecture, stored);
  }
  if (found.size === architectures.length || architectures.includes(NOARCH)) return found;
  // The first index of an architecture lists the noarch packages too; noarch's own index knows what they are.
  const [, noarch] = await read(NOARCH);
  if (noarch !== undefined) found.set(NOARCH, noarch);
  return found;
}

/** Whether both are the same versions of these architectures' indexes. */
export function isSameVersions(
  architectures: readonly string[],
  a: ReadonlyMap<string, StoredIndex>,
  b: ReadonlyMap<string, StoredIndex>,
): boolean {
  return architectures.every((one) => a.get(one)?.manifestDigest === b.get(one)?.manifestDigest);
}
