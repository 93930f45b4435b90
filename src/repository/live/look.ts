import { NOARCH } from '../../apk/architectures.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { buildIndexContent, contentPieces, v3Pieces, type IndexContent } from '../index/index-content.ts';
import { applyChanges, indexedPackage, type IndexedPackage } from '../index/indexed-package.ts';
import { indexTarget, unmarkedFiles, type IndexTarget } from './index-target.ts';
import { judgeLiveSet, type LiveSet, type LiveTag, type Questions } from './live-set.ts';
import type { MakeContent } from './made-contents.ts';
import { contestedTags, type NameFacts } from './names.ts';
import { groupHash, peekTag, type TagKind } from '../artifacts/package-tag.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';
import {
  isSameVersions,
  readIndexes,
  recentIndexes,
  readThenList,
  type LookOptions,
  type ReadingDeps,
} from './read-then-list.ts';
import type { Sightings } from './sightings.ts';
import type { MonotonicClock } from '../../time/monotonic.ts';
import type { StoredIndex } from '../index/stored-index.ts';

/** What one comparison of indexes with a listing made after they were read has shown. */
export interface Look {
  /** The architectures looked at. */
  readonly architectures: readonly string[];
  /** The hash that begins the tags of each of them, and of noarch. */
  readonly groups: ReadonlyMap<string, string>;
  readonly keys: readonly SigningKey[];
  readonly stored: ReadonlyMap<string, StoredIndex>;
  /** The image's tags, as listed after the indexes were read. */
  readonly listing: readonly string[];
  readonly live: LiveSet;
  /** What is known of the live tags beside that. */
  readonly facts: NameFacts;
  /** What each architecture's index is to list. */
  readonly target: (architecture: string) => IndexTarget;
  /** The content member that lists it, made with as much of the stored one as stays. */
  readonly content: (architecture: string) => IndexContent;
  /** Whether the stored index of an architecture lists exactly the live set; where there is none, whether none is needed. */
  readonly isCovered: (architecture: string) => boolean;
  /** Whether the stored index of an architecture lists a tag; false where this replica can't tell. */
  readonly isListed: (architecture: string, tag: string) => boolean;
}

/**
 * Which architectures to look at, by name; `EVERY` among them adds each that the image shows for the repository. Whoever put
 * something into one names it: a listing may not show it yet.
 */
export type Scope = readonly string[];

export const EVERY = '*';

export interface LookDeps extends ReadingDeps {
  readonly signingKeys: SigningKeys;
  readonly sightings: Sightings;
  readonly makeContent: MakeContent;
  readonly clock: MonotonicClock;
}

/** So often a look at contested names begins again because an index changed under it. */
const maxAttempts = 8;

/**
 * Reads the index tags, THEN lists the package tags, and works out the live set. The order is what makes a look proof: a
 * package whose tag was put before the index was read is in the listing, unless it died.
 */
export async function look(
  deps: LookDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  scope: Scope,
  questions: Questions,
  options: LookOptions = {},
): Promise<Look> {
  const { signal, patienceMs } = options;
  const asking = { signal, patienceMs };
  const asked = { named: scope.filter((one) => one !== EVERY), isOpen: scope.includes(EVERY) };
  const keys = await usableKeys(deps.signingKeys, image, asking);
  const known = recentIndexes(deps, at, asked.named, keys, options.knownMs);
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const reading = attempt === 1 ? { ...options, known } : asking;
    const { architectures, stored, listing } = await readThenList(deps, image, at, asked, keys, reading);
    const groups = new Map([...architectures, NOARCH].map((one) => [one, groupHash({ ...at, architecture: one })]));
    const indexed = [...stored.values()].map(({ content }) => content).filter((content) => content !== undefined);
    const witnesses = { indexed, listing, sightings: deps.sightings };
    const live = await judgeLiveSet(image, new Set(groups.values()), witnesses, questions, asking);
    const told = { architectures, groups, keys, stored, listing, live };
    const isContested = architectures.some((architecture) => contestedTags(live, architecture).length > 0);
    if (!isContested) return seen(at, deps, told);
    // Where names have rivals, what the index lists decides: it must still be the one after the listing that showed them. A
    // newer one can't take its place here, since nothing was listed after that one was read.
    const latest = await readIndexes(deps, image, at, [...new Set([...architectures, NOARCH])], keys, asking);
    if (isSameVersions(architectures, stored, latest)) {
      return seen(at, deps, told, latest.get(NOARCH));
    }
  }
  throw new GatewayError('STORE_UNAVAILABLE', `the index of ${at.branch}/${at.repository} changes while it is read`);
}

/** Keys that can't be opened make an index unbelievable, not unreadable: what others signed still goes out. */
async function usableKeys(signingKeys: SigningKeys, image: ImageStore, options: CallOptions) {
  try {
    return await signingKeys.ofImage(image, options);
  } catch (error) {
    if (isGatewayError(error, 'SIGNING_KEY_LOCKED')) return [];
    throw error;
  }
}

/** The tags of these kinds that a look's listing shows of its groups. */
export function shownTags({ listing, groups }: Look, kinds: readonly TagKind[]): readonly string[] {
  const own = new Set(groups.values());
  return listing.filter((tag) => {
    const peeked = peekTag(tag);
    return peeked !== undefined && kinds.includes(peeked.kind) && own.has(peeked.groupHash);
  });
}

type SeenDeps = Pick<LookDeps, 'sightings' | 'makeContent'>;
type Seen = Pick<Look, 'architectures' | 'groups' | 'keys' | 'stored' | 'listing' | 'live'>;

/** `noarch` is noarch's own index, where names have rivals: what it lists of noarch files holds for every architecture. */
function seen(at: RepositoryCoordinates, deps: SeenDeps, told: Seen, noarch?: StoredIndex): Look {
  const { sightings, makeContent } = deps;
  const { stored, live } = told;
  const facts = nameFacts(told, sightings, noarch);
  const target = memoized((architecture) => indexTarget(architecture, stored.get(architecture)?.content, live, facts));
  const content = memoized((architecture) => {
    const before = stored.get(architecture)?.content;
    if (before !== undefined && target(architecture).changes.size === 0) return before;
    const { files, changes } = target(architecture);
    if (before === undefined) {
      const group = { ...at, architecture };
      return makeContent(
        group,
        files.map((file) => marked(file, facts)),
      );
    }
    // What is held is told with what changes anyway: nothing depends on it.
    const told = new Map<string, IndexedPackage | undefined>(unmarkedFiles(before, sightings.heldTags()));
    for (const [fileName, file] of changes) told.set(fileName, file && marked(file, facts));
    return buildIndexContent(at, applyChanges(before.files(), told), before.runs);
  });
  const isCovered = memoized((architecture) => {
    const index = stored.get(architecture);
    if (index === undefined) return target(architecture).files.length === 0;
    if (index.content !== undefined) return target(architecture).changes.size === 0;
    // Signed by keys that this replica doesn't hold: it covers the set if it is what this replica would write.
    const wanted = content(architecture);
    return isSameBytes([...index.pieces, ...index.v3Pieces], [...contentPieces(wanted), ...v3Pieces(wanted)]);
  });
  const lists = (index: readonly IndexedPackage[], tag: string) => index.some((file) => file.tags.includes(tag));
  const isListed = (architecture: string, tag: string) => {
    const before = stored.get(architecture)?.content;
    if (before === undefined) return isCovered(architecture) && lists(target(architecture).files, tag);
    return before.byTag().has(tag);
  };
  return {
    ...told,
    facts,
    target,
    content,
    isCovered,
    isListed,
  };
}

function marked(file: IndexedPackage, { isHeld }: NameFacts): IndexedPackage {
  const held = file.tags.filter(isHeld);
  return held.length === 0 ? file : indexedPackage(file.pkg, file.tags, held);
}

function nameFacts({ stored, live }: Seen, sightings: Sightings, noarch: StoredIndex | undefined): NameFacts {
  const homeOf = ({ pkg }: LiveTag) =>
    pkg.architecture === NOARCH ? (noarch ?? stored.get(NOARCH)) : stored.get(pkg.architecture);
  return {
    isHeld: (tag) =>
      sightings.isHeld(tag) || live.listed.some((content) => content.byTag().get(tag)?.held.includes(tag) === true),
    isListed: (one) => {
      const home = homeOf(one)?.content;
      return home === undefined
        ? live.listed.some((content) => content.byTag().has(one.tag))
        : home.byTag().has(one.tag);
    },
    isClaimed: (one) => homeOf(one)?.claimed()?.byTag().has(one.tag) === true,
    standsBy: (tag) => sightings.standsBy(tag),
  };
}

function memoized<R extends object | boolean>(compute: (architecture: string) => R): (architecture: string) => R {
  const known = new Map<string, R>();
  return (architecture) => {
    const result = known.get(architecture) ?? compute(architecture);
    known.set(architecture, result);
    return result;
  };
}

function isSameBytes(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return Buffer.concat(a).equals(Buffer.concat(b));
}
