import type { CallOptions, ImageStore } from '../../store/store.ts';
import { createBoundedCache, type BoundedCache } from '../../concurrency/bounded-cache.ts';
import { NOARCH, knownArchitectures } from '../../apk/architectures.ts';
import { isArchitecture } from '../../apk/package-name.ts';
import { isBranchOrRepository, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { parseIndexManifest } from '../index/index-manifest.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { parsePackageManifest } from '../artifacts/package-manifest.ts';
import { architectureOfIndexTag, groupHash, groupHashOfIndexTag, peekKind, peekTag } from '../artifacts/package-tag.ts';
import { isGatewayError } from '../../errors.ts';
import { lease } from '../../time/lease.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';

/** Tags of one hash that are read at most to learn what it stands for. */
const maxExamples = 3;

/** Architectures worth trying before a manifest is read to learn which one a hash stands for. */
const commonArchitectures = [NOARCH, ...knownArchitectures];

/** Tells which groups an image holds. A tag carries only a hash of its group; what a hash stands for never changes. */
export interface Groups {
  /** The architectures that a repository has packages or an index in, noarch first; by a listing of the image. */
  architecturesOf(
    image: ImageStore,
    at: RepositoryCoordinates,
    listing: readonly string[],
    options?: CallOptions,
  ): Promise<readonly string[]>;
  /** Every group that a listing shows. */
  all(image: ImageStore, listing: readonly string[], options?: CallOptions): Promise<readonly Omit<Group, 'image'>[]>;
}

type Coordinates = Omit<Group, 'image'>;

/** The memory of one image. */
export function createGroups(clock: MonotonicClock, { concurrency }: { readonly concurrency: number }): Groups {
  const known = createBoundedCache<Coordinates>(10_000);

  // What is foreign is left alone for a while, and others of that hash are tried: they may hide a real one behind planted tags.
  const foreign = createBoundedCache<true>(100_000, { clock, ttlMs: lease.memoryMs });

  const resolveAll = async (image: ImageStore, listing: readonly string[], options: CallOptions) => {
    const examples = exampleTags(listing, (tag) => foreign.get(tag) === true);
    const groups = await inParallel([...examples], concurrency, async ([hash, tags]) => {
      const group = known.get(hash) ?? (await readGroup(image, hash, tags, foreign, options));
      if (group !== undefined) known.set(hash, group);
      return group;
    });
    return groups.filter((group) => group !== undefined);
  };

  return {
    all: (image, listing, options = {}) => resolveAll(image, listing, options),
    async architecturesOf(image, at, listing, options = {}) {
      for (const architecture of commonArchitectures) learn(known, { ...at, architecture });
      for (const tag of listing) {
        const architecture = architectureOfIndexTag(at, tag);
        if (architecture !== undefined) learn(known, { ...at, architecture });
      }
      const groups = await resolveAll(image, listing, options);
      const mine = groups.filter((group) => group.branch === at.branch && group.repository === at.repository);
      return [...new Set([NOARCH, ...mine.map((group) => group.architecture).sort()])];
    },
  };
}

function learn(
  known: { set(key: string, value: Coordinates): void },
  { branch, repository, architecture }: Coordinates,
) {
  const group = { branch, repository, architecture };
  known.set(groupHash(group), group);
}

/** For each group hash in a listing, some tags that would tell what it stands for. */
function exampleTags(listing: readonly string[], isForeign: (tag: string) => boolean): Map<string, readonly string[]> {
  const examples = new Map<string, string[]>();
  for (const tag of listing) {
    const indexHash = groupHashOfIndexTag(tag);
    if (indexHash === undefined && peekKind(tag) !== 'package') continue;
    const hash = indexHash ?? peekTag(tag)?.groupHash;
    if (hash === undefined || (examples.get(hash)?.length ?? 0) === maxExamples || isForeign(tag)) continue;
    const tags = examples.get(hash);
    if (tags === undefined) examples.set(hash, [tag]);
    else tags.push(tag);
  }
  return examples;
}

async function readGroup(
  image: ImageStore,
  hash: string,
  tags: readonly string[],
  foreign: BoundedCache<true>,
  options: CallOptions,
): Promise<Coordinates | undefined> {
  for (const tag of tags) {
    const bytes = await fetchSmall(image, tag, options);
    if (bytes === undefined) continue;
    const group = coordinatesIn(tag, bytes);
    if (group !== undefined && isLegal(group) && groupHash(group) === hash) return group;
    foreign.set(tag, true);
  }
  return undefined;
}

/** A manifest's bytes; none at all where it is larger than any of ours. */
async function fetchSmall(image: ImageStore, tag: string, options: CallOptions): Promise<Uint8Array | undefined> {
  try {
    return (await image.fetchManifest(tag, options))?.bytes;
  } catch (error) {
    if (isGatewayError(error, 'SIZE_EXCEEDED')) return new Uint8Array();
    throw error;
  }
}

function coordinatesIn(tag: string, manifest: Uint8Array): Coordinates | undefined {
  if (groupHashOfIndexTag(tag) === undefined) return parsePackageManifest(tag, manifest)?.group;
  try {
    return parseIndexManifest(manifest).group;
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

function isLegal({ branch, repository, architecture }: Coordinates): boolean {
  return isBranchOrRepository(branch) && isBranchOrRepository(repository) && isArchitecture(architecture);
}
