import { inParallel } from '../../concurrency/in-parallel.ts';
import { GatewayError, isGatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Clock, RandomBytes } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import { lease } from '../../time/lease.ts';
import { msSince } from '../../time/monotonic.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import type { ArtifactProfile } from '../artifacts/format-artifact.ts';
import { goneTag, newSnapshotId, ownTag, partTag, recordTag, type SnapshotPlace } from '../artifacts/snapshot-tag.ts';
import { layersOfContent, type IndexContent } from '../index/index-content.ts';
import type { IndexRun } from '../index/index-run.ts';
import { inlineRuns } from '../index/inline-runs.ts';
import { EVERY, type Look } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { AnswerTime } from '../publishing/answer-time.ts';
import type { Caller } from '../service/caller.ts';
import { claimName, isDoubted } from './snapshot-claim.ts';
import type { SnapshotBurial } from './snapshot-burial.ts';
import { indexesIn } from './snapshot-content.ts';
import { blobsOf, formatSnapshotPart, partsOf, proveSnapshot, uploadLayers } from './snapshot-part.ts';
import { formatSnapshotRecord, type SnapshotRecord } from './snapshot-record.ts';
import type { SnapshotRecords } from './snapshot-records.ts';

export interface SnapshotCreationDeps {
  readonly look: TakeLook;
  readonly artifacts: ArtifactWriter;
  readonly records: SnapshotRecords;
  readonly burial: SnapshotBurial;
  readonly clock: Clock;
  readonly stamp: () => Stamp;
  readonly random: RandomBytes;
  /** So many bytes of an index's runs the record holds itself. */
  readonly maxInlineBytes: number;
}

/** Manifests and layers of one snapshot that are put at a time. */
const concurrency = 4;
/** Architectures whose small runs the record holds: more could be too many bytes for a manifest. */
const maxInlined = 16;

/**
 * Keeps what a repository lists now:
 *
 *     look: what is listed?  ->  parts, which hold the packages  ->  is the name ours?  ->  the record  ->  its name
 *
 * No bytes move: all that it names is in the image. Without its record it is nothing, so that a crash loses nobody anything.
 */
export async function createSnapshot(
  deps: SnapshotCreationDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  name: string,
  caller: Caller,
  time: AnswerTime,
): Promise<Omit<SnapshotRecord, 'indexes'> & { readonly architectures: readonly string[] }> {
  const place = { branch: at.branch, repository: at.repository, name };
  try {
    return await keepWhatIsListed(deps, image, at, place, caller, time);
  } catch (error) {
    if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
    // Deleted and collected since we looked, most likely: what is listed by now is there.
    return await keepWhatIsListed(deps, image, at, place, caller, time).catch((again: unknown) => {
      throw isGatewayError(again, 'BLOB_UNKNOWN') ? lostPackage(at, again) : again;
    });
  }
}

async function keepWhatIsListed(
  deps: SnapshotCreationDeps,
  image: ImageStore,
  at: RepositoryCoordinates,
  place: SnapshotPlace,
  caller: Caller,
  time: AnswerTime,
) {
  const seen = await deps.look(image, at, [EVERY], time.call());
  const indexes = indexesIn(seen, at);
  const now = deps.stamp();
  const begunMs = deps.clock.monotonicMs();
  const id = newSnapshotId(place, now, deps.random);
  const tag = recordTag(place, id);
  const begun: string[] = [];
  let isRecorded = false;
  try {
    const contents = [...indexes.values()];
    const named = blobsOf(seen);
    const inline = inlineIn(seen, indexes, deps.maxInlineBytes);
    const layers = layersBeside(contents, inline);
    await uploadLayers(image, contents, (digest) => !named.has(digest) && layers.has(digest), time);
    await inParallel([...partsOf(indexes.values()).entries()], concurrency, async ([number, held]) => {
      const part = partTag(place, number, id);
      begun.push(part);
      await deps.artifacts.put(image, part, (profile) => formatSnapshotPart(part, held, profile), time.call());
      time.renew();
    });
    const over = await claimName(deps, image, place, ownTag(partTag(place, 0, id)), time.call());
    const about = { ...place, tag, createdMs: now, createdBy: caller.name, ...sizesOf(indexes.values()), over };
    isRecorded = true;
    const format = (profile: ArtifactProfile) => formatSnapshotRecord(about, indexes, inline, profile);
    await putRecord(
      deps,
      image,
      { tag, format },
      () => uploadLayers(image, contents, (one) => layers.has(one), time),
      time,
    );
    await proveSnapshot(deps, image, at, seen.architectures, { tags: [tag, ...begun], contents, layers }, time);
    if (await isDoubted(image, ownTag(tag), time.call())) throw tooLate(place);
    await deps.burial.name(image, ownTag(tag), time.call());
    // Somebody may have removed it while that was under way.
    if ((await image.resolve(goneTag(ownTag(tag)), time.call())) !== undefined) throw tooLate(place);
    // Others end it after twice that: whoever slept for so long may not say that it is there.
    if (msSince(deps.clock, begunMs) > lease.snapshotClaimMs / 2) throw tooLate(place);
    return { ...about, id, architectures: [...indexes.keys()] };
  } catch (error) {
    await abandon(deps, image, { tag, begun, isRecorded }, time);
    throw error;
  }
}

/** Runs that nobody has stored as layers, as far as they are small; of many architectures those that come first. */
function inlineIn(
  seen: Look,
  indexes: ReadonlyMap<string, IndexContent>,
  maxInlineBytes: number,
): ReadonlySet<IndexRun> {
  const some = [...indexes].slice(0, maxInlined);
  return new Set(some.flatMap(([one, content]) => [...inlineRuns(content, seen.stored.get(one), maxInlineBytes)]));
}

/** The layers that a record names: what it holds itself for one architecture it may name for another. */
function layersBeside(contents: readonly IndexContent[], inline: ReadonlySet<IndexRun>): ReadonlySet<Digest> {
  return new Set(contents.flatMap((content) => layersOfContent(content, inline)).map(({ digest }) => digest));
}

async function putRecord(
  { artifacts }: SnapshotCreationDeps,
  image: ImageStore,
  { tag, format }: { readonly tag: string; readonly format: (profile: ArtifactProfile) => Uint8Array },
  uploadAgain: () => Promise<void>,
  time: AnswerTime,
): Promise<void> {
  // Once: a first try that lands late would bring back a snapshot that was removed.
  const put = () => artifacts.put(image, tag, format, { ...time.call(), isOnce: true });
  try {
    await put().catch(async (error: unknown) => {
      if (!isGatewayError(error, 'BLOB_UNKNOWN')) throw error;
      // The index was replaced and collected since it was read.
      await uploadAgain();
      await put();
    });
  } catch (error) {
    // The answer may be lost and the put not.
    if (!isGatewayError(error, 'STORE_UNAVAILABLE')) throw error;
    if ((await image.resolve(tag, time.call())) === undefined) throw error;
  }
}

/** Nobody was told of it. Its record may land later, so the tombstone comes first: what holds its packages goes only then. */
async function abandon(
  { burial }: SnapshotCreationDeps,
  image: ImageStore,
  { tag, begun, isRecorded }: { readonly tag: string; readonly begun: readonly string[]; readonly isRecorded: boolean },
  time: AnswerTime,
): Promise<void> {
  if (begun.length === 0) return;
  try {
    if (isRecorded) await burial.retract(image, ownTag(tag), time.undoing());
    else await burial.bury(image, ownTag(tag), time.undoing());
  } catch {
    // Left as it is: it takes the name for a minute.
    return;
  }
  await burial.clear(image, [tag, ...begun].map(ownTag), time.undoing());
}

function sizesOf(indexes: Iterable<IndexContent>): { readonly packages: number; readonly size: number } {
  const files = new Map<string, number>();
  for (const content of indexes) {
    for (const { pkg } of content.files()) files.set(`${pkg.architecture}/${pkg.fileName}`, pkg.entry.fileSize);
  }
  return { packages: files.size, size: [...files.values()].reduce((sum, size) => sum + size, 0) };
}

function tooLate({ branch, repository, name }: SnapshotPlace): GatewayError {
  const message = `the snapshot ${name} of ${branch}/${repository} took too long to make; try again`;
  return new GatewayError('PUBLISH_TIMEOUT', message, { details: { retryAfterSeconds: 5 } });
}

function lostPackage({ branch, repository }: RepositoryCoordinates, cause: unknown): GatewayError {
  const message = `the registry has lost a package that ${branch}/${repository} lists; "lkard verify" tells which`;
  return new GatewayError('BLOB_UNKNOWN', message, { cause });
}
