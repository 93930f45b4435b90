import { NOARCH } from '../../apk/architectures.ts';
import { indexTag } from '../artifacts/package-tag.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { msSince, type MonotonicClock } from '../../time/monotonic.ts';
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

/** Indexes, by architecture, that needn't be asked for again. */
type KnownIndexes = ReadonlyMap<string, StoredIndex>;

export interface LookOptions extends CallOptions {
  /**
   * Indexes that this replica read or put no longer ago, in ms, aren't asked for again. What others put meanwhile shows in the
   * listing, each at the cost of a request. Default: all are asked for.
   */
  readonly knownMs?: number | undefined;
  /** Lists while the indexes are asked for: one wait less where they are what they were, a listing more where they aren't. */
  readonly isEager?: boolean | undefined;
}

/** The indexes, and a listing made after all of them were read. */
export async function readThenList(
  deps: ReadingDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  { named, isOpen }: Asked,
  keys: readonly SigningKey[],
  options: LookOptions & { readonly known?: KnownIndexes | undefined },
) {
  const shownBy = async (listing: readonly string[]) =>
    isOpen ? await deps.groups.architecturesOf(image, at, listing, options) : [];
  const again = new Set<string>();
  let architectures = [...new Set([...named, ...(await shownBy(isOpen ? await image.tags(options) : []))])];
  const early = isOpen || options.isEager !== true ? undefined : listEarly(deps, image, at, named, keys, options);
  for (;;) {
    const stored = await readIndexes(deps, image, at, architectures, keys, options);
    const listing = (await early?.(stored)) ?? (await image.tags(options));
    const shown = await shownBy(listing);
    // One appeared since, whose index wasn't read before this listing: again. None is dropped, so listings that contradict
    // each other end this all the same.
    const known = architectures;
    // One odd answer "no such tag" is no proof that an index isn't there which the listing shows.
    const odd = known.filter(
      (one) => !stored.has(one) && !again.has(one) && listing.includes(indexTag({ ...at, architecture: one })),
    );
    if (odd.length === 0 && shown.every((one) => known.includes(one))) return { architectures, stored, listing };
    for (const one of odd) again.add(one);
    architectures = [...new Set([...architectures, ...shown])];
  }
}

/** Those of these indexes that this replica read or put no longer ago than that. */
export function recentIndexes(
  { storedIndexes, clock }: ReadingDeps & { readonly clock: MonotonicClock },
  at: RepositoryCoordinates,
  architectures: readonly string[],
  keys: readonly SigningKey[],
  ms: number | undefined,
): KnownIndexes | undefined {
  if (ms === undefined) return undefined;
  const known = new Map<string, StoredIndex>();
  for (const architecture of architectures) {
    const last = storedIndexes.last({ ...at, architecture }, keys);
    if (last !== undefined && msSince(clock, last.sinceMs) <= ms) known.set(architecture, last.stored);
  }
  return known;
}

/**
 * Begins to list before the indexes are read: that listing counts only where they still are what this replica knew before.
 * Undefined where it doesn't know them all, or asks for none.
 */
function listEarly(
  { storedIndexes }: ReadingDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  named: readonly string[],
  keys: readonly SigningKey[],
  { known, ...call }: CallOptions & { readonly known?: KnownIndexes | undefined },
): ((stored: ReadonlyMap<string, StoredIndex>) => Promise<readonly string[] | undefined>) | undefined {
  const before = new Map(
    named.map((one) => [one, storedIndexes.last({ ...at, architecture: one }, keys)?.stored] as const),
  );
  if (named.every((one) => known?.has(one)) || [...before.values()].includes(undefined)) return undefined;
  const listing = image.tags(call);
  listing.catch(() => undefined);
  const isAsBefore = (stored: ReadonlyMap<string, StoredIndex>) =>
    named.every((one) => stored.get(one) === (known?.get(one) ?? before.get(one)));
  return async (stored) => (isAsBefore(stored) ? await listing : undefined);
}

/** The stored indexes of these architectures; noarch's own beside them where one has none. */
export async function readIndexes(
  { storedIndexes }: ReadingDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  architectures: readonly string[],
  keys: readonly SigningKey[],
  { known, ...call }: CallOptions & { readonly known?: KnownIndexes | undefined },
): Promise<ReadonlyMap<string, StoredIndex>> {
  const read = async (architecture: string) =>
    [
      architecture,
      known?.get(architecture) ?? (await storedIndexes.read(image, { ...at, architecture }, keys, call)),
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
