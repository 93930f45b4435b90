import { NOARCH } from '../../apk/architectures.ts';
import { GatewayError } from '../../errors.ts';
import { digestOfHex } from '../../oci/digest.ts';
import type { BlobUpload } from '../../store/store.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { EVERY, type Look, type Scope } from '../live/look.ts';
import type { PublishedPackage, PublishOptions, StagedPackage } from '../service/publishing.ts';
import { createClaim } from '../publishing/claim.ts';
import { sortOut } from './known-files.ts';
import { putFiles, sendEarly, uploadAnew } from './put-files.ts';
import type { Work } from './work.ts';

/** Who pushes one package after the other needn't ask for the index each time. */
const knownMs = 2_000;

/** A file of a push, and the package that it becomes. */
export interface PushedFile {
  readonly staged: StagedPackage;
  readonly pkg: PackageRecord;
}

/**
 * Publishes the files of one push, all or none. `upload` is the session that proved the right to push; the first file goes
 * through it.
 *
 *     look: are the names free? (the first layer goes meanwhile)  ->  layers and manifests, each under a fresh tag  ->  claim the names, publish the index
 */
export async function publishFiles(
  work: Work,
  upload: BlobUpload,
  staged: readonly StagedPackage[],
  { ifExists }: PublishOptions,
): Promise<readonly PublishedPackage[]> {
  const { image, time } = work;
  const files = distinctFiles(staged, work.caller.name);
  const scope = scopeOf(files.map(({ pkg }) => pkg));
  const began = { ms: work.clock.monotonicMs(), at: work.stamp() };
  const early = sendEarly(work, upload, files[0]);
  const before = await lookForFree(work, scope, files).finally(() => early);
  const { fresh, unchanged } = await sortOut(work, before, files, {
    scope,
    mayExist: ifExists === 'skip',
    bringBack: ({ staged: lost }) => uploadAnew(work, lost),
  });
  if (fresh.length > 0) {
    // The first key of an image is made before anything is put: a locked one must leave nothing behind.
    await time.until(work.signingKeys.ofImageForWriting(image, time.call()));
    const own = await putFiles(work, upload, fresh, await early);
    await work.loop.join(createClaim(work, { image, own, scope, before, began }), time);
  }
  return files.map((file) => published(file, unchanged.includes(file)));
}

/**
 * A look that shows whether names are free. Any look can show that they are; of those that aren't, what the index says right
 * now is told.
 */
async function lookForFree(work: Work, scope: Scope, files: readonly PushedFile[]): Promise<Look> {
  const seen = await work.look(scope, knownMs);
  const isFree = files.every(({ pkg }) => seen.live.named(pkg.fileName).length === 0);
  return isFree ? seen : await work.look(scope);
}

/** The same file twice in one push counts once; two files that claim one name are refused. */
function distinctFiles(staged: readonly StagedPackage[], pushedBy: string | undefined): readonly PushedFile[] {
  const files = new Map<string, PushedFile>();
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

/** The architectures whose index a push changes: for noarch all that there are. */
function scopeOf(packages: readonly PackageRecord[]): Scope {
  const named = new Set(packages.map((pkg) => pkg.architecture));
  return named.has(NOARCH) ? [...named, EVERY] : [...named];
}

function published({ staged, pkg }: PushedFile, isUnchanged: boolean): PublishedPackage {
  const { name, version } = pkg.entry;
  return {
    fileName: pkg.fileName,
    architecture: pkg.architecture,
    name,
    version,
    digest: pkg.digest,
    size: pkg.entry.fileSize,
    outcome: isUnchanged ? 'unchanged' : 'published',
    warnings: staged.summary.warnings,
  };
}
