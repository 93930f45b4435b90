import type { Clock } from '../../ports.ts';
import type { RepositoryCoordinates } from '../../protocol/coordinates.ts';
import type { ImageStore } from '../../store/store.ts';
import { inParallel } from '../../concurrency/in-parallel.ts';
import { GatewayError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { packageLayerType } from '../artifacts/package-manifest.ts';
import { layersOfContent, type IndexContent } from '../index/index-content.ts';
import { proveThere } from '../artifacts/artifact-writer.ts';
import { formatArtifact, type ArtifactProfile } from '../artifacts/format-artifact.ts';
import type { Look } from '../live/look.ts';
import type { TakeLook } from '../live/looks.ts';
import type { AnswerTime } from '../publishing/answer-time.ts';

/** The artifactType of a manifest that holds a snapshot's packages. */
const snapshotPartArtifactType = 'application/vnd.lkard.apk.snapshot.part.v1';

/** Packages that one manifest holds at most: all registries take that many layers. */
export const maxPackagesOfPart = 1000;

/** A blob that a snapshot holds, so that no collection takes it. */
type HeldPackage = Pick<Descriptor, 'digest' | 'size'>;

/** All package files that some indexes list, each once, in parts; at least one part, which may be empty. */
export function partsOf(indexes: Iterable<IndexContent>): readonly (readonly HeldPackage[])[] {
  const held = new Map<string, HeldPackage>();
  for (const content of indexes) {
    for (const { pkg } of content.files()) held.set(pkg.digest, { digest: pkg.digest, size: pkg.entry.fileSize });
  }
  const sorted = [...held.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const count = Math.max(1, Math.ceil(sorted.length / maxPackagesOfPart));
  return Array.from({ length: count }, (_, i) => sorted.slice(i * maxPackagesOfPart, (i + 1) * maxPackagesOfPart));
}

/** A manifest that names packages as its layers: a registry's collection leaves what a tagged manifest names. */
export function formatSnapshotPart(tag: string, held: readonly HeldPackage[], profile: ArtifactProfile): Uint8Array {
  const layers = held.map(({ digest, size }) => ({ mediaType: packageLayerType, digest, size }));
  // No two tags share a manifest: removing one by digest takes no other with it.
  return formatArtifact(snapshotPartArtifactType, { layers, annotations: { 'lkard.apk.tag': tag } }, profile);
}

/** Layers and packages at a time. */
const concurrency = 4;

/** What a snapshot was made of. */
export interface Made {
  /** The record, and what holds the packages. */
  readonly tags: readonly string[];
  readonly contents: readonly IndexContent[];
  /** What the record names of them. */
  readonly layers: ReadonlySet<Digest>;
}

/**
 * Makes sure that a snapshot whose record was put is there, with all that it names. What no index names by now a collection may have
 * taken before the record named it, and the registry may claim it still: runs are uploaded again, packages must be readable.
 * Throws BLOB_UNKNOWN where one isn't.
 */
export async function proveSnapshot(
  { look, clock }: { readonly look: TakeLook; readonly clock: Pick<Clock, 'sleep'> },
  image: ImageStore,
  at: RepositoryCoordinates,
  architectures: readonly string[],
  { tags, contents, layers }: Made,
  time: AnswerTime,
): Promise<void> {
  const after = await look(image, at, architectures, { ...time.call(), isEager: true });
  const listed = new Set(after.listing);
  const unlisted = tags.filter((tag) => !listed.has(tag));
  await proveThere(clock, image, unlisted, time.call());
  const named = blobsOf(after);
  await uploadLayers(image, contents, (digest) => layers.has(digest) && !named.has(digest), time);
  const left = contents
    .flatMap((content) => content.files())
    .filter(({ tags: own }) => !own.some((tag) => after.live.has(tag)));
  await inParallel(left, concurrency, async ({ pkg: { digest, entry, fileName } }) => {
    if (await image.isReadable({ digest, size: entry.fileSize }, time.call())) return;
    throw new GatewayError('BLOB_UNKNOWN', `${fileName} was deleted and collected meanwhile`);
  });
}

/** What the registry has because a stored index of a look names it. */
export function blobsOf({ stored }: Pick<Look, 'stored'>): ReadonlySet<Digest> {
  return new Set([...stored.values()].flatMap(({ blobs }) => [...blobs]));
}

/** Uploads those runs of some indexes, whatever the registry says that it has. */
export async function uploadLayers(
  image: ImageStore,
  contents: readonly IndexContent[],
  isWanted: (digest: Digest) => boolean,
  time: AnswerTime,
): Promise<void> {
  const layers = new Map(contents.flatMap((content) => layersOfContent(content)).map((part) => [part.digest, part]));
  const wanted = [...layers.values()].filter(({ digest }) => isWanted(digest));
  await inParallel(wanted, concurrency, ({ bytes }) => image.pushBlob(bytes, { ...time.call(), isAnew: true }));
}
