import { grouped } from '../../apk/providing/grouped.ts';
import { isArchitecture } from '../../apk/package-name.ts';
import { GatewayError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { parseSnapshotName, parseCoordinates } from '../../protocol/coordinates.ts';
import { formatArtifact, type ArtifactProfile } from '../artifacts/format-artifact.ts';
import { hashOfName, isSnapshotId, parseSnapshotTag, type SnapshotPlace } from '../artifacts/snapshot-tag.ts';
import type { IndexContent } from '../index/index-content.ts';
import { annotationsOfRuns, layersOfRuns, parseRuns, type IndexRunDescriptors } from '../index/index-manifest.ts';
import type { IndexRun } from '../index/index-run.ts';

/** The artifactType of what a snapshot lists; left out for registries that take only types they know. */
const snapshotArtifactType = 'application/vnd.lkard.apk.snapshot.v1';

/** A snapshot as one tag holds it. Nothing of it ever changes. */
export interface SnapshotRecord extends SnapshotPlace {
  readonly tag: string;
  readonly id: string;
  /** When it was made, in ms since 1970: a stamp. */
  readonly createdMs: number;
  readonly createdBy?: string | undefined;
  /** Package files, each once, and their bytes. */
  readonly packages: number;
  readonly size: number;
  /** Ids of beginnings of the same snapshot that this one took for dead: they don't count, whatever comes of them. */
  readonly over: readonly string[];
  /** What the index of each architecture is made of. */
  readonly indexes: ReadonlyMap<string, IndexRunDescriptors>;
}

/** No snapshot was begun so often in vain; and each is held against all others of its name. */
const maxOver = 100;
const maxArchitectures = 1000;

const annotation = {
  created: 'org.opencontainers.image.created',
  tag: 'lkard.apk.tag',
  branch: 'lkard.apk.branch',
  repository: 'lkard.apk.repository',
  name: 'lkard.apk.snapshot',
  by: 'lkard.apk.pushed-by',
  packages: 'lkard.apk.snapshot.packages',
  size: 'lkard.apk.snapshot.size',
  over: 'lkard.apk.snapshot.over',
  architectures: 'lkard.apk.architectures',
  architecture: 'lkard.apk.architecture',
} as const;

/** The manifest of a snapshot: the runs of all its indexes as layers, each with its architecture. */
export function formatSnapshotRecord(
  record: Omit<SnapshotRecord, 'id' | 'indexes'>,
  indexes: ReadonlyMap<string, IndexContent>,
  inline: ReadonlySet<IndexRun>,
  profile: ArtifactProfile,
): Uint8Array {
  const layers = [...indexes].flatMap(([architecture, content]) => {
    const annotations = { [annotation.architecture]: architecture };
    return layersOfRuns(content, inline).map((layer) => ({ ...layer, annotations }));
  });
  const held = [...indexes].flatMap(([architecture, content]) =>
    Object.entries(annotationsOfRuns(content, inline, `.${architecture}`)),
  );
  const annotations = {
    [annotation.created]: new Date(record.createdMs).toISOString(),
    [annotation.tag]: record.tag,
    [annotation.branch]: record.branch,
    [annotation.repository]: record.repository,
    [annotation.name]: record.name,
    [annotation.packages]: String(record.packages),
    [annotation.size]: String(record.size),
    [annotation.architectures]: [...indexes.keys()].join(' '),
    ...(record.createdBy === undefined ? {} : { [annotation.by]: record.createdBy }),
    ...(record.over.length === 0 ? {} : { [annotation.over]: record.over.join(' ') }),
    ...Object.fromEntries(held),
  };
  return formatArtifact(snapshotArtifactType, { layers, annotations }, profile);
}

/** The snapshot under `tag`, or undefined where the manifest is none, or not this tag's: who may push can put anything there. */
export function parseSnapshotRecord(tag: string, bytes: Uint8Array): SnapshotRecord | undefined {
  try {
    return readSnapshotRecord(tag, bytes);
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function readSnapshotRecord(tag: string, bytes: Uint8Array): SnapshotRecord | undefined {
  const { annotations, layers } = parseManifest(bytes);
  const parsed = parseSnapshotTag(tag);
  const createdMs = Date.parse(annotations[annotation.created] ?? '');
  if (parsed?.kind !== 'record' || annotations[annotation.tag] !== tag || Number.isNaN(createdMs)) return undefined;
  const { branch, repository } = parseCoordinates({
    image: 'x',
    branch: annotations[annotation.branch] ?? '',
    repository: annotations[annotation.repository] ?? '',
  });
  const place = { branch, repository, name: parseSnapshotName(annotations[annotation.name] ?? '') };
  const indexes = indexesIn(words(annotations[annotation.architectures]), layers, annotations);
  if (hashOfName(place) !== parsed.nameHash || indexes === undefined) return undefined;
  return {
    ...place,
    tag,
    id: parsed.id,
    createdMs,
    createdBy: annotations[annotation.by],
    packages: countIn(annotations[annotation.packages]),
    size: countIn(annotations[annotation.size]),
    over: words(annotations[annotation.over]).filter(isSnapshotId).slice(0, maxOver),
    indexes,
  };
}

/** Undefined where an architecture can't be one, there are too many, or not each run has its details. */
function indexesIn(
  architectures: readonly string[],
  layers: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
): ReadonlyMap<string, IndexRunDescriptors> | undefined {
  const indexes = new Map<string, IndexRunDescriptors>();
  const layersOf = grouped(layers.map((layer) => [layer.annotations?.[annotation.architecture], layer]));
  // Each once, and no more than anybody has: a planted record may name a million.
  const named = new Set(architectures);
  if (named.size > maxArchitectures) return undefined;
  for (const architecture of named) {
    const runs = parseRuns(layersOf.get(architecture) ?? [], annotations, `.${architecture}`);
    if (!isArchitecture(architecture) || runs === undefined) return undefined;
    indexes.set(architecture, runs);
  }
  return indexes;
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}

function countIn(text: string | undefined): number {
  const count = Number(text ?? 0);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
