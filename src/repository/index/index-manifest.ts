import type { Descriptor } from '../../oci/descriptor.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { GatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { formatArtifact, type ArtifactProfile } from '../artifacts/format-artifact.ts';
import type { IndexContent } from './index-content.ts';
import { partOf, type IndexRun, type Part } from './index-run.ts';

/** The artifactType of an index; left out for registries that take only types they know. */
const indexArtifactType = 'application/vnd.lkard.apk.index.v1';
/** The layers that, joined in order between head and tail, are the bytes of APKINDEX.tar.gz. */
export const indexPartType = 'application/vnd.lkard.apk.index.part.v1';
/** What is behind each run: for every record of it the file's digest and its tags. */
export const indexDetailsType = 'application/vnd.lkard.apk.index.details.v1+zlib';
/** The same for v3 packages, which stand in no APKINDEX.tar.gz. */
export const indexV3PartType = 'application/vnd.lkard.apk.index.v3.part.v1';
export const indexV3DetailsType = 'application/vnd.lkard.apk.index.v3.details.v1+zlib';

/** How the runs of one format are stored: the types of their layers, and the annotation with those that a manifest holds itself. */
interface RunStorage {
  readonly part: string;
  readonly details: string;
  readonly inline: string;
}

/** Of one format: no index of ours has more, and a planted one of a million would keep everybody waiting. */
const maxRuns = 64;

const annotation = {
  created: 'org.opencontainers.image.created',
  branch: 'lkard.apk.branch',
  repository: 'lkard.apk.repository',
  architecture: 'lkard.apk.architecture',
  nonce: 'lkard.apk.nonce',
  // In base64, since they are small and change with each put: as layers each would cost two requests.
  head: 'lkard.apk.index.head',
  tail: 'lkard.apk.index.tail',
  v3Signatures: 'lkard.apk.index.v3.signatures',
} as const;

const v2: RunStorage = { part: indexPartType, details: indexDetailsType, inline: 'lkard.apk.index.runs' };
const v3: RunStorage = { part: indexV3PartType, details: indexV3DetailsType, inline: 'lkard.apk.index.v3.runs' };

/** What an index manifest says; its layers told apart. */
export interface IndexManifest extends IndexRunDescriptors {
  readonly group: Omit<Group, 'image'>;
  readonly createdMs: number;
  /** Signature member and the content's head. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Undefined where it lists no v3 packages. */
  readonly v3Signatures: Uint8Array | undefined;
}

/** The runs of an index, in order. */
export interface IndexRunDescriptors {
  readonly v2Runs: readonly RunDescriptors[];
  readonly v3Runs: readonly RunDescriptors[];
}

/** The two layers of a run. */
export interface RunDescriptors {
  readonly part: Descriptor;
  readonly details: Descriptor;
  /** Their bytes, where the manifest holds the run itself: then there are no such layers. */
  readonly inline?: { readonly part: Part; readonly details: Part };
}

/**
 * The manifest of an index. `nonce` makes every put a manifest of its own, so that a replica that has compared a digest
 * with a listing knows that no later put brought that digest back.
 */
export function formatIndexManifest(
  index: {
    readonly group: Group;
    readonly createdMs: number;
    readonly signedHead: Uint8Array;
    /** Undefined where it lists no v3 packages. */
    readonly v3Signatures: Uint8Array | undefined;
    readonly content: IndexContent;
    /** Those of its runs that the manifest is to hold itself. */
    readonly inline: ReadonlySet<IndexRun>;
  },
  nonce: string,
  profile: ArtifactProfile,
): Uint8Array {
  const { group, content, signedHead, v3Signatures, inline } = index;
  const annotations = {
    [annotation.created]: new Date(index.createdMs).toISOString(),
    [annotation.branch]: group.branch,
    [annotation.repository]: group.repository,
    [annotation.architecture]: group.architecture,
    [annotation.nonce]: nonce,
    [annotation.head]: formatBytes(signedHead),
    [annotation.tail]: formatBytes(content.tail),
    ...(v3Signatures !== undefined && { [annotation.v3Signatures]: formatBytes(v3Signatures) }),
    ...annotationsOfRuns(content, inline),
  };
  return formatArtifact(indexArtifactType, { layers: layersOfRuns(content, inline), annotations }, profile);
}

/** The index that a manifest describes. Throws INDEX_MALFORMED or STORE_ANSWER_INVALID where it describes none. */
export function parseIndexManifest(bytes: Uint8Array): IndexManifest {
  const { annotations, layers } = parseManifest(bytes);
  const head = parseBytes(annotations[annotation.head]);
  const tail = parseBytes(annotations[annotation.tail]);
  const runs = parseRuns(layers, annotations);
  const created = Date.parse(annotations[annotation.created] ?? '');
  if (head === undefined || tail === undefined || runs === undefined || Number.isNaN(created)) {
    throw new GatewayError('INDEX_MALFORMED', 'a stored index has other layers or annotations than an index has');
  }
  return {
    group: {
      branch: annotations[annotation.branch] ?? '',
      repository: annotations[annotation.repository] ?? '',
      architecture: annotations[annotation.architecture] ?? '',
    },
    createdMs: created,
    head,
    tail,
    v3Signatures: parseBytes(annotations[annotation.v3Signatures]),
    ...runs,
  };
}

/** The layers of an index's runs, in order, but for those that the manifest holds itself. */
export function layersOfRuns(content: IndexContent, inline: ReadonlySet<IndexRun>): readonly Descriptor[] {
  const layersOf = (runs: readonly IndexRun[], types: RunStorage) =>
    runs
      .filter((run) => !inline.has(run))
      .flatMap((run) => [layer(types.part, run.part), layer(types.details, run.details)]);
  return [...layersOf(content.v2Runs, v2), ...layersOf(content.v3Runs, v3)];
}

/** Annotations with the runs that a manifest holds itself; `suffix` ends their names, where it holds several indexes. */
export function annotationsOfRuns(
  { v2Runs, v3Runs }: IndexContent,
  inline: ReadonlySet<IndexRun>,
  suffix = '',
): Readonly<Record<string, string>> {
  return {
    ...formatInline(`${v2.inline}${suffix}`, v2Runs, inline),
    ...formatInline(`${v3.inline}${suffix}`, v3Runs, inline),
  };
}

/** The runs of these layers and annotations; undefined where not each part has its details, one has no place, or there are too many. */
export function parseRuns(
  layers: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
  suffix = '',
): IndexRunDescriptors | undefined {
  const ofType = (type: string) => layers.filter(({ mediaType }) => mediaType === type);
  const [v2Runs, v3Runs] = [v2, v3].map(({ part, details, inline }) =>
    runsOf(ofType(part), ofType(details), annotations[`${inline}${suffix}`]),
  );
  return v2Runs && v3Runs && { v2Runs, v3Runs };
}

function runsOf(
  parts: readonly Descriptor[],
  details: readonly Descriptor[],
  inline: string | undefined,
): readonly RunDescriptors[] | undefined {
  const words = inline?.split(' ', maxRuns + 1) ?? [];
  if (parts.length !== details.length || parts.length + words.length > maxRuns) return undefined;
  const runs: RunDescriptors[] = parts.flatMap((part, i) =>
    details[i] === undefined ? [] : [{ part, details: details[i] }],
  );
  for (const word of words) {
    const [at = '', ...texts] = word.split(':');
    const [part, about] = texts.map((text) => partOf(Buffer.from(text, 'base64')));
    if (!/^\d+$/.test(at) || Number(at) > runs.length || part === undefined || about === undefined) return undefined;
    const inlined = { part, details: about };
    runs.splice(Number(at), 0, { part: layer('', part), details: layer('', about), inline: inlined });
  }
  return runs;
}

/** For each its place among all of its format, its part and its details; in order, so that each finds its place by those before it. */
function formatInline(name: string, runs: readonly IndexRun[], inline: ReadonlySet<IndexRun>): Record<string, string> {
  const words = runs.flatMap((run, at) =>
    inline.has(run) ? [[at, formatBytes(run.part.bytes), formatBytes(run.details.bytes)].join(':')] : [],
  );
  return words.length === 0 ? {} : { [name]: words.join(' ') };
}

function formatBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function parseBytes(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}

function layer(mediaType: string, { bytes, digest }: Part): Descriptor {
  return { mediaType, digest, size: bytes.length };
}
