import { GatewayError, isGatewayError } from '../../errors.ts';
import { digestOfHex } from '../../oci/digest.ts';
import type { Clock, Log, RandomBytes } from '../../ports.ts';
import type { BlobUpload, CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { Burial } from './burial.ts';
import { createClaim } from './claim.ts';
import { NOARCH, type Group, type RepositoryCoordinates } from '../../protocol/coordinates.ts';
import { rivalsOf } from '../live/index-target.ts';
import type { LiveTag } from '../live/live-set.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { formatPackageManifest, type PackageRecord } from '../artifacts/package-manifest.ts';
import { newPackageTag, tagTimeMs } from '../artifacts/package-tag.ts';
import { createMending, nameTaken, type Participant } from './participants.ts';
import type { PublishLoop } from './publish-loop.ts';
import type { PublishedPackage, PublishOptions, StagedPackage } from '../repository.ts';
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
  /** Past this age, in milliseconds, no push of a tag can be under way. */
  readonly graceMs: number;
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
  const { fresh, known } = await sortOut(context, before, files, scope, options.ifExists === 'skip');
  if (fresh.length > 0) {
    // The first key of an image is made before anything is put: a locked one must leave nothing behind.
    await context.signingKeys.ofImageForWriting(context.image, { signal: options.signal });
    await uploadLayers(context.image, upload, fresh, options);
    await claimNames(context, await putManifests(context, fresh, options), scope);
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
    packager: summary.info.packager,
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

interface Sorted {
  /** To be put. */
  readonly fresh: readonly File[];
  /** Whose very bytes were live under their name already. */
  readonly known: readonly File[];
}

/** Sorts the files by what is live under their names; throws PACKAGE_EXISTS, but only once the index covers what is there. */
async function sortOut(
  context: PublishContext,
  before: Look,
  files: readonly File[],
  scope: Scope,
  mayBeThere: boolean,
): Promise<Sorted> {
  const twinsOf = ({ pkg }: File) => before.live.named(pkg.fileName).filter((live) => isTwin(live.pkg, pkg));
  const isSettledHere = (file: File) => twinsOf(file).some((twin) => isSettled(context, twin));
  // Where a rival's pusher died long ago, the name belongs to what the index lists.
  const hasName = (file: File) =>
    isSettledHere(file) && twinsOf(file).some(({ tag, pkg }) => before.isListed(pkg.architecture, tag));
  const taken = files.filter((file) => rivalsOf(before.live, file.pkg).length > 0 && !hasName(file));
  const known = files.filter((file) => twinsOf(file).length > 0);
  if (taken.length === 0 && known.length === 0) return { fresh: files, known };
  const mending = createMending(context.image, scope);
  if ((await mending.settle(before)) !== 'done') await context.loop.join(mending);
  if (taken.length > 0) throw nameTaken(taken.map(asLive), false);
  if (!mayBeThere) throw nameTaken(known.map(asLive), true);
  return { fresh: files.filter((file) => !known.includes(file) || !isSettledHere(file)), known };
}

/**
 * Whether a live tag will stay. One whose push may still be under way may yet be withdrawn by it: nobody else can be told that
 * their bytes are safe because of it, so they put a tag of their own beside it.
 */
function isSettled({ sightings, clock, graceMs }: PublishContext, { tag }: LiveTag): boolean {
  return sightings.isAcknowledged(tag) || clock.now() - tagTimeMs(tag) >= graceMs;
}

function isTwin(a: PackageRecord, b: PackageRecord): boolean {
  return a.digest === b.digest && a.architecture === b.architecture;
}

function asLive({ pkg }: File): LiveTag {
  return { tag: '', pkg };
}

async function uploadLayers(image: ImageStore, first: BlobUpload, files: readonly File[], options: CallOptions) {
  await inParallel([...files.entries()], uploadConcurrency, async ([i, { staged }]) => {
    const session = i === 0 ? first : await image.startUpload(options);
    try {
      await session.finish(staged.source, options);
    } finally {
      await session.cancel();
    }
  });
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
      const tag = newPackageTag(group, names, context.clock.now(), context.random);
      begun.push(tag);
      return await putManifest(context, group, { tag, pkg }, options);
    });
  } catch (error) {
    const burials = await Promise.allSettled(begun.map((tag) => context.burial.bury(context.image, tag)));
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

async function claimNames(context: PublishContext, own: readonly LiveTag[], scope: Scope): Promise<void> {
  const claim: Participant = createClaim(context, { image: context.image, own, scope });
  await context.loop.join(claim);
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
