import { isGatewayError } from '../../errors.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { IndexedPackage } from '../index/indexed-package.ts';
import { parsePackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { parsePackageTag, tagTimeMs, tombstoneOf } from '../artifacts/package-tag.ts';
import type { Sightings } from './sightings.ts';

/**
 * Asks for one tag by name and remembers the answer; undefined where it is dead, or is nothing of ours. `pkg` is what stands
 * under it, where this replica knows that already.
 */
export async function askForTag(
  image: ImageStore,
  { tag, pkg }: { readonly tag: string; readonly pkg: PackageRecord | undefined },
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
    if (sightings.isDead(tag) || (await image.resolve(tombstoneOf(tag))) !== undefined) continue;
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
