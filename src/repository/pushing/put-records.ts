import { isGatewayError } from '../../errors.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { formatPackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { proveThere } from '../artifacts/artifact-writer.ts';
import { newPackageTag, tombstoneOf } from '../artifacts/package-tag.ts';
import type { LiveTag } from '../live/live-set.ts';
import { bytesGone } from '../publishing/refusals.ts';
import type { Work } from './work.ts';

/** Packages of one change at a time. */
const concurrency = 4;

interface Putting {
  /** Uploads what the registry has lost after all. Default: that is PACKAGE_UNKNOWN. */
  readonly bringBack?: (pkg: PackageRecord) => Promise<void>;
  /** Asked once all are put. */
  readonly prove?: () => Promise<void>;
}

/**
 * Puts packages whose bytes are in the image, each under a fresh tag. Where a manifest can't be put, or isn't proven, all tags are
 * buried again. That one too: it may land after its time-out, and would then be a rival of the retry that nobody answers for.
 */
export async function putRecords(
  work: Work,
  packages: readonly PackageRecord[],
  { bringBack = refuseLost, prove }: Putting = {},
): Promise<readonly LiveTag[]> {
  const begun: string[] = [];
  try {
    const own = await inParallel(packages, concurrency, async (pkg) => {
      const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
      const tag = newPackageTag(groupOf(work, pkg), names, work.stamp(), work.random);
      begun.push(tag);
      await putManifest(work, { tag, pkg }, bringBack);
      work.sightings.put(tag, pkg);
      work.time.renew();
      return { tag, pkg };
    });
    await prove?.();
    return own;
  } catch (error) {
    const bury = async (tag: string) => {
      const call = work.time.undoing();
      await work.burial.bury(work.image, tag, 'withdrawn', call);
      // No look tells whether the registry lost it.
      await proveThere(work.clock, work.image, [tombstoneOf(tag)], call);
    };
    const burials = await Promise.allSettled(begun.map((tag) => bury(tag).catch(() => bury(tag))));
    const left = burials.filter(({ status }) => status === 'rejected').length;
    if (left > 0) work.log.warn({ ...work.at, left }, 'a push failed half-way and some of its files may stay');
    throw error;
  }
}

/**
 * Throws PACKAGE_UNKNOWN where bytes that were in the registry before can't be read: whoever deleted them may have had them
 * collected just before a new tag named them, and registries go on claiming what they collected.
 */
export async function proveBytes({ image, time }: Work, packages: readonly PackageRecord[]): Promise<void> {
  await inParallel(packages, concurrency, async ({ fileName, digest, entry }) => {
    if (!(await image.isReadable({ digest, size: entry.fileSize }, time.call()))) throw bytesGone(fileName);
    time.renew();
  });
}

async function putManifest(
  work: Work,
  { tag, pkg }: LiveTag,
  bringBack: (pkg: PackageRecord) => Promise<void>,
): Promise<void> {
  const { image, artifacts, time } = work;
  const group = groupOf(work, pkg);
  const put = () =>
    artifacts.put(image, tag, (profile) => formatPackageManifest(group, tag, pkg, profile), time.call());
  try {
    await put().catch(async (error: unknown) => {
      if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
      // Collected since it was uploaded.
      await bringBack(pkg);
      await put();
    });
  } catch (error) {
    // The answer may be lost and the put not: then the push goes on rather than leave a package nobody answers for.
    if (!isGatewayError(error, 'STORE_UNAVAILABLE') || (await image.resolve(tag, time.call())) === undefined)
      throw error;
  }
}

function refuseLost({ fileName }: PackageRecord): Promise<void> {
  return Promise.reject(bytesGone(fileName));
}

function groupOf({ at }: Work, { architecture }: PackageRecord) {
  return { ...at, architecture };
}
