import { NOARCH } from '../../apk/architectures.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import { digestOfHex } from '../../oci/digest.ts';
import type { Clock, Log, RandomBytes } from '../../ports.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { BlobUpload, CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { Burial } from './burial.ts';
import { createClaim, nameTaken } from './claim.ts';
import type { Group, RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { resolveName, rivalsOf } from '../live/names.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { formatPackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { newPackageTag } from '../artifacts/package-tag.ts';
import { createMending } from './participant.ts';
import type { PublishLoop } from './publish-loop.ts';
import type { PublishedPackage, PublishOptions, StagedPackage } from '../service/publishing.ts';
import type { Sightings } from '../live/sightings.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';

/** Everything a push needs of one repository and one caller. */
export interface PublishContext {
  readonly at: RepositoryCoordinates;
  readonly image: ImageStore;
  readonly pushedBy: string | undefined;
  readonly artifacts: ArtifactWriter;
  readonly burial: Burial;
  readonly signingKeys: SigningKeys;
  readonly sightings: Sightings;
  readonly loop: PublishLoop;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly stamp: () => Stamp;
  /** For how long a push waits until a listing shows its tags, in milliseconds. */
  readonly listingPatienceMs: number;
  /** A look with the caller's own rights. */
  readonly look: (scope: Scope) => Promise<Look>;
}

interface File {
  readonly staged: StagedPackage;
  readonly pkg: PackageRecord;
}

/** Blob uploads of one push at a time. */
const uploadConcurrency = 4;

/**
 * Publishes the files of one push, all or none. `upload` is the session that proved the right to push; the first file goes
 * through it.
 *
 *     look: are the names free?  ->  layers and manifests, each under a fresh tag  ->  claim the names, publish the index
 */
export async function publishFiles(
  context: PublishContext,
  upload: BlobUpload,
  staged: readonly StagedPackage[],
  options: PublishOptions,
): Promise<readonly PublishedPackage[]> {
  const files = distinctFiles(staged, context.pushedBy);
  const scope = scopeOf(files.map(({ pkg }) => pkg));
  const before = await context.look(scope);
  const { fresh, known } = await sortOut(context, before, files, scope, options);
  if (fresh.length > 0) {
    // The first key of an image is made before anything is put: a locked one must leave nothing behind.
    await context.signingKeys.ofImageForWriting(context.image, { signal: options.signal });
    await uploadLayers(context.image, upload, fresh, options);
    const own = await putManifests(context, fresh, options);
    await context.loop.join(createClaim(context, { image: context.image, own, scope, before }));
  }
  return files.map((file) => published(file, !known.includes(file)));
}

/** The package that a push makes of a file. */
function recordOf({ summary, signature }: StagedPackage, pushedBy: string | undefined): PackageRecord {
  return {
    fileName: summary.fileName,
    architecture: summary.entry.architecture,
    entry: summary.entry,
    digest: digestOfHex(summary.sha256),
    packager: summary.format === 'v2' ? summary.info.packager : undefined,
    pushedBy,
    signature,
  };
}

/** The same file twice in one push counts once; two files that claim one name are refused. */
function distinctFiles(staged: readonly StagedPackage[], pushedBy: string | undefined): readonly File[] {
  const files = new Map<string, File>();
  for (const one of staged) {
    const pkg = recordOf(one, pushedBy);
    const key = `${pkg.architecture}/${pkg.fileName}`;
    const twin = files.get(key);
    if (twin !== undefined && twin.pkg.digest !== pkg.digest) {
      throw new GatewayError('REQUEST_INVALID', `${key} is in this push twice, with different bytes`);
    }
    if (twin === undefined) files.set(key, { staged: one, pkg });
  }
  return [...files.values()];
}

/** The architectures whose index a push changes: for noarch all that there are. */
function scopeOf(packages: readonly PackageRecord[]): Scope {
  const named = new Set(packages.map((pkg) => pkg.architecture));
  return named.has(NOARCH) ? [...named, EVERY] : [...named];
}

/** Sorts the files by who has their names; throws PACKAGE_EXISTS, but only once the index covers what is there. */
async function sortOut(
  context: PublishContext,
  before: Look,
  files: readonly File[],
  scope: Scope,
  { ifExists, signal }: PublishOptions,
): Promise<{ readonly fresh: readonly File[]; readonly known: readonly File[] }> {
  const twins = new Map(files.map((file) => [file, heldTwins(before, file.pkg)]));
  const isTaken = ({ pkg }: File) => ownersOf(before, pkg).some((owner) => owner.pkg.digest !== pkg.digest);
  const taken = files.filter(isTaken);
  if (taken.length > 0 || [...twins.values()].some((tags) => tags.length > 0)) await mend(context, before, scope);
  if (taken.length > 0) {
    const owners = taken.flatMap(({ pkg }) => ownersOf(before, pkg).map((owner) => owner.pkg));
    throw nameTaken(taken, false, owners);
  }
  const known: File[] = [];
  for (const file of files) if (await isSafe(context, file, twins.get(file) ?? [], { signal })) known.push(file);
  if (known.length > 0 && ifExists !== 'skip') throw nameTaken(known, true);
  return { fresh: files.filter((file) => !known.includes(file)), known };
}

async function mend({ image, loop }: PublishContext, before: Look, scope: Scope): Promise<void> {
  const mending = createMending(image, scope);
  if ((await mending.settle(before)) !== 'done') await loop.join(mending);
}

function ownersOf({ live, facts }: Look, pkg: PackageRecord): readonly LiveTag[] {
  const rivals = rivalsOf(live, pkg);
  const twins = live.named(pkg.fileName).filter((other) => isTwin(other.pkg, pkg));
  return resolveName([...rivals, ...twins], live, facts).owner;
}

/**
 * Tags because of which somebody can be told that these bytes are there: the registry lists them, and nobody will ever withdraw
 * them. In every other case the same bytes get a tag of their own.
 */
function heldTwins({ live, facts }: Look, pkg: PackageRecord): readonly LiveTag[] {
  return live
    .named(pkg.fileName)
    .filter((one) => isTwin(one.pkg, pkg) && facts.isHeld(one.tag) && !live.unshown.has(one.tag));
}

/** Whether one of the tags is there right now, and the file behind it can be read; it is uploaded again where it can't. */
async function isSafe(
  { image }: PublishContext,
  { staged }: File,
  twins: readonly LiveTag[],
  options: CallOptions,
): Promise<boolean> {
  for (const { tag } of twins) {
    if ((await image.resolve(tag, options)) === undefined) continue;
    if (!(await image.isReadable(staged.source, options)))
      await uploadLayer(await image.startUpload(options), staged, options);
    return true;
  }
  return false;
}

function isTwin(a: PackageRecord, b: PackageRecord): boolean {
  return a.digest === b.digest && a.architecture === b.architecture;
}

async function uploadLayers(image: ImageStore, first: BlobUpload, files: readonly File[], options: CallOptions) {
  await inParallel([...files.entries()], uploadConcurrency, async ([i, { staged }]) => {
    await uploadLayer(i === 0 ? first : await image.startUpload(options), staged, options);
  });
}

/** Uploads a file although the store may claim to have it. */
async function uploadLayer(session: BlobUpload, { source }: StagedPackage, options: CallOptions): Promise<void> {
  try {
    await session.finish(source, options);
  } finally {
    await session.cancel();
  }
}

/**
 * Puts every manifest under a fresh tag; where one can't be put all are buried again. That one too: it may land after its
 * time-out, and would then be a rival of the retry that nobody answers for.
 */
async function putManifests(
  context: PublishContext,
  files: readonly File[],
  options: CallOptions,
): Promise<readonly LiveTag[]> {
  const begun: string[] = [];
  try {
    return await inParallel(files, uploadConcurrency, async ({ pkg }) => {
      const group = { ...context.at, architecture: pkg.architecture };
      const names = { fileName: pkg.fileName, identity: pkg.entry.identity };
      const tag = newPackageTag(group, names, context.stamp(), context.random);
      begun.push(tag);
      return await putManifest(context, group, { tag, pkg }, options);
    });
  } catch (error) {
    const burials = await Promise.allSettled(begun.map((tag) => context.burial.bury(context.image, tag, 'withdrawn')));
    const left = burials.filter(({ status }) => status === 'rejected').length;
    if (left > 0) context.log.warn({ ...context.at, left }, 'a push failed half-way and some of its files may stay');
    throw error;
  }
}

async function putManifest(
  { image, artifacts, sightings }: PublishContext,
  group: Group,
  { tag, pkg }: LiveTag,
  options: CallOptions,
): Promise<LiveTag> {
  try {
    await artifacts.put(image, tag, (profile) => formatPackageManifest(group, tag, pkg, profile), options);
  } catch (error) {
    // The answer may be lost and the put not: then the push goes on rather than leave a package nobody answers for.
    if (!isGatewayError(error, 'STORE_UNAVAILABLE') || (await image.resolve(tag, options)) === undefined) throw error;
  }
  sightings.put(tag, pkg);
  return { tag, pkg };
}

function published({ staged, pkg }: File, isFresh: boolean): PublishedPackage {
  const { name, version } = pkg.entry;
  return {
    fileName: pkg.fileName,
    architecture: pkg.architecture,
    name,
    version,
    digest: pkg.digest,
    size: pkg.entry.fileSize,
    outcome: isFresh ? 'published' : 'unchanged',
    warnings: staged.summary.warnings,
  };
}
