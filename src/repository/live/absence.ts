import { isGatewayError } from '../../errors.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { parsePackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { parsePackageTag, tombstoneOf } from '../artifacts/package-tag.ts';
import type { Sightings } from './sightings.ts';

/**
 * What asking for a tag by name has told. `gone` has proof: a tombstone, or the same answer twice, some time apart. `unseen` is
 * every other absence: then the word of whoever showed the tag stands. `garbled` is one answer that was nothing of ours.
 */
export type Presence =
  | { readonly state: 'found'; readonly pkg: PackageRecord }
  | { readonly state: 'unseen'; readonly pkg: PackageRecord | undefined }
  | { readonly state: 'gone' }
  | { readonly state: 'garbled' };

const gone: Presence = { state: 'gone' };
const garbled: Presence = { state: 'garbled' };

/** Asks for one tag by name and remembers the answer. `pkg` is what it holds, where this replica knows that already. */
export async function askForTag(
  image: ImageStore,
  { tag, pkg }: { readonly tag: string; readonly pkg: PackageRecord | undefined },
  sightings: Sightings,
  options: CallOptions,
): Promise<Presence> {
  const before = pkg === undefined ? sightings.isGarbled(tag) : undefined;
  if (before !== undefined) return before === 'always' ? gone : garbled;
  const first = pkg === undefined ? await readRecord(image, tag, options) : await stillThere(image, tag, pkg, options);
  let answer = first;
  if (answer === undefined && (await areAnyBuried(image, [{ tag }], sightings, options))) return gone;
  // Nobody else knows what it holds. One odd answer must not hide it, and listings show a tag just before it can be read.
  const isOdd = first === undefined || first === 'garbled';
  if (pkg === undefined && isOdd) answer = await readRecord(image, tag, options);
  // Of two that contradict each other neither is believed: it is asked for again later.
  if (first === 'garbled' && answer === undefined) return garbled;
  if (answer === undefined) return sightings.missed(tag) ? gone : { state: 'unseen', pkg };
  if (answer === 'garbled') return sightings.garbled(tag) ? gone : garbled;
  const found = answer === pkg ? answer : sightings.shareWords(answer);
  sightings.found(tag, found);
  return { state: 'found', pkg: found };
}

/** Whether the registry shows a tombstone of any of these tags by name: a listing shows it later. */
export async function areAnyBuried(
  image: ImageStore,
  tags: readonly { readonly tag: string }[],
  sightings: Sightings,
  options: CallOptions,
): Promise<boolean> {
  const tombstones = await Promise.all(tags.map(({ tag }) => image.resolve(tombstoneOf(tag), options)));
  const buried = tags.filter((_tag, i) => tombstones[i] !== undefined);
  for (const { tag } of buried) sightings.buried(tag);
  return buried.length > 0;
}

/**
 * Whether any of these tags of one package lives, as the registry tells a reader. Nothing of it is remembered: a reader whose
 * rights have ended may be told that nothing is there.
 */
export async function isStillThere(
  image: ImageStore,
  { tags }: Pick<IndexedPackage, 'tags'>,
  sightings: Sightings,
): Promise<boolean> {
  for (const tag of tags) {
    if (sightings.isBuried(tag) || (await image.resolve(tombstoneOf(tag))) !== undefined) continue;
    if ((await image.resolve(tag)) !== undefined) return true;
  }
  return false;
}

async function stillThere(image: ImageStore, tag: string, pkg: PackageRecord, options: CallOptions) {
  return (await image.resolve(tag, options)) === undefined ? undefined : pkg;
}

async function readRecord(
  image: ImageStore,
  tag: string,
  options: CallOptions,
): Promise<PackageRecord | 'garbled' | undefined> {
  if (parsePackageTag(tag) === undefined) return 'garbled';
  try {
    const manifest = await image.fetchManifest(tag, options);
    return manifest && (parsePackageManifest(tag, manifest.bytes)?.pkg ?? 'garbled');
  } catch (error) {
    // One planted tag must not keep everybody from looking: no manifest of ours is that large.
    if (isGatewayError(error, 'SIZE_EXCEEDED')) return 'garbled';
    throw error;
  }
}

/** Those of some dead tags of which the registry has no tombstone: it may have lost what it said it took. */
export async function undeadIn<T extends { readonly tag: string }>(
  image: ImageStore,
  listing: readonly string[],
  dead: readonly T[],
  options: CallOptions,
): Promise<readonly T[]> {
  if (dead.length === 0) return [];
  const tombstones = new Set(dead.map(({ tag }) => tombstoneOf(tag)));
  const shown = new Set(listing.filter((tag) => tombstones.has(tag)));
  const doubtful = dead.filter(({ tag }) => !shown.has(tombstoneOf(tag)));
  const found = await Promise.all(doubtful.map(({ tag }) => image.resolve(tombstoneOf(tag), options)));
  return doubtful.filter((_one, i) => found[i] === undefined);
}
