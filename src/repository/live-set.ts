import { isGatewayError } from '../errors.ts';
import type { CallOptions, ImageStore } from '../store/store.ts';
import { parsePackageManifest } from './package-artifact.ts';
import type { PackageRecord } from './package-artifact.ts';
import { buriedBy, parsePackageTag, peekTag, tagTimeMs, tombstoneOf } from './package-tag.ts';
import type { Sightings } from './sightings.ts';
import { mapBounded } from './map-bounded.ts';

/** The package tags that live, and what stands under each. */
export type LiveSet = ReadonlyMap<string, PackageRecord>;

export interface Witnesses {
  /** What the stored indexes list, by tag; read before the listing was. */
  readonly indexed: ReadonlyMap<string, PackageRecord>;
  /** The image's tags. */
  readonly listing: readonly string[];
  /** What this replica has seen itself. */
  readonly sightings: Sightings;
}

export interface Questions {
  /** The most tags whose content is known that one look asks for by name. Default 64; the rest is asked in turn. */
  readonly max: number;
  /** Requests at a time. */
  readonly concurrency: number;
}

interface Candidate {
  readonly tag: string;
  /** What stands under the tag, where this replica knows it already. */
  readonly pkg: PackageRecord | undefined;
}

/**
 * Works out the live set of some groups from three witnesses, none of which is believed alone: a listing may lag or omit, an
 * index may be a dead writer's, a read by name may be answered by a replica of the registry that is behind. Where listing
 * and index agree nothing is asked; a tombstone is final; every other tag is asked for by name.
 */
export async function judgeLiveSet(
  image: ImageStore,
  groupHashes: ReadonlySet<string>,
  witnesses: Witnesses,
  questions: Questions,
  options: CallOptions = {},
): Promise<LiveSet> {
  const live = new Map<string, PackageRecord>();
  const doubtful = sift(groupHashes, witnesses, live);
  const unknown = doubtful.filter((candidate) => candidate.pkg === undefined);
  const known = doubtful.filter((candidate) => candidate.pkg !== undefined);
  // Past the limit the witness's word stands for now; whoever is asked becomes fresh, so the next look asks the others.
  for (const { tag, pkg } of known.slice(questions.max)) if (pkg !== undefined) live.set(tag, pkg);
  const asked = [...unknown, ...known.slice(0, questions.max)];
  await mapBounded(asked, questions.concurrency, async (candidate) => {
    const pkg = await ask(image, candidate, witnesses.sightings, options);
    if (pkg !== undefined) live.set(candidate.tag, pkg);
  });
  return live;
}

/** Puts into `live` what needs no question and returns what does; the dead are in neither. */
function sift(groupHashes: ReadonlySet<string>, witnesses: Witnesses, live: Map<string, PackageRecord>): Candidate[] {
  const { indexed, sightings } = witnesses;
  const { packages, buried } = sortListing(groupHashes, witnesses.listing);
  for (const tag of buried) sightings.dead(tag);
  const isDead = (tag: string) => buried.has(tag) || sightings.isDead(tag);
  const doubtful: Candidate[] = [];
  const consider = (tag: string, pkg: PackageRecord | undefined) => {
    if (pkg !== undefined && sightings.isFresh(tag)) live.set(tag, pkg);
    else doubtful.push({ tag, pkg });
  };
  for (const [tag, pkg] of indexed) {
    if (isDead(tag)) continue;
    if (packages.has(tag)) live.set(tag, pkg);
    else consider(tag, pkg);
  }
  for (const tag of packages) {
    if (!indexed.has(tag) && !isDead(tag) && !sightings.isForeign(tag)) consider(tag, sightings.recordOf(tag));
  }
  for (const tag of sightings.ownTags()) {
    if (indexed.has(tag) || packages.has(tag) || isDead(tag) || !groupHashes.has(tag.slice(0, 10))) continue;
    consider(tag, sightings.recordOf(tag));
  }
  return doubtful;
}

function sortListing(groupHashes: ReadonlySet<string>, listing: readonly string[]) {
  const packages = new Set<string>();
  const buried = new Set<string>();
  for (const tag of listing) {
    const peeked = peekTag(tag);
    if (peeked === undefined || !groupHashes.has(peeked.groupHash)) continue;
    if (peeked.kind === 'package') packages.add(tag);
    else buried.add(buriedBy(tag));
  }
  return { packages, buried };
}

/** Asks for one tag by name; undefined where it is dead, or is nothing of ours. */
async function ask(
  image: ImageStore,
  { tag, pkg }: Candidate,
  sightings: Sightings,
  options: CallOptions,
): Promise<PackageRecord | undefined> {
  const answer = pkg === undefined ? await readRecord(image, tag, options) : await stillThere(image, tag, pkg, options);
  if (answer === 'foreign') {
    sightings.foreign(tag);
    return undefined;
  }
  if (answer !== undefined) {
    sightings.found(tag, answer);
    return answer;
  }
  // A young tag's absence may be lag. But whoever removes a young tag buries it too, and a tombstone is proof.
  const isFinal = sightings.missed(tag, tagTimeMs(tag));
  if (isFinal || (await image.resolve(tombstoneOf(tag), options)) !== undefined) {
    sightings.dead(tag);
    return undefined;
  }
  return pkg;
}

async function stillThere(image: ImageStore, tag: string, pkg: PackageRecord, options: CallOptions) {
  return (await image.resolve(tag, options)) === undefined ? undefined : pkg;
}

async function readRecord(
  image: ImageStore,
  tag: string,
  options: CallOptions,
): Promise<PackageRecord | 'foreign' | undefined> {
  if (parsePackageTag(tag) === undefined) return 'foreign';
  try {
    const manifest = await image.fetchManifest(tag, options);
    if (manifest === undefined) return undefined;
    return parsePackageManifest(tag, manifest.bytes)?.pkg ?? 'foreign';
  } catch (error) {
    // One planted tag must not keep everybody from looking: no manifest of ours is that large.
    if (isGatewayError(error, 'SIZE_EXCEEDED')) return 'foreign';
    throw error;
  }
}
