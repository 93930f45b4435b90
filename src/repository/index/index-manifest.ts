import type { Descriptor } from '../../oci/descriptor.ts';
import { emptyConfig, emptyConfigType, formatManifest, parseManifest } from '../../oci/manifest.ts';
import { GatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { IndexContent } from './index-content.ts';
import { partOf, type Part } from './index-run.ts';

/** The artifactType of an index; left out for registries that take only types they know. */
export const indexArtifactType = 'application/vnd.lkard.apk.index.v1';
/** The layers that, joined in order, are the bytes of APKINDEX.tar.gz. */
export const indexPartType = 'application/vnd.lkard.apk.index.part.v1';
/** What stands behind each run: for every record of it the file's digest and its tags. */
export const indexDetailsType = 'application/vnd.lkard.apk.index.details.v1+zlib';
/** The same for v3 packages, which stand in no APKINDEX.tar.gz: runs, what stands behind each, and what signs them all. */
export const indexV3PartType = 'application/vnd.lkard.apk.index.v3.part.v1';
export const indexV3DetailsType = 'application/vnd.lkard.apk.index.v3.details.v1+zlib';
export const indexV3SignaturesType = 'application/vnd.lkard.apk.index.v3.signatures.v1';

const annotation = {
  created: 'org.opencontainers.image.created',
  branch: 'lkard.apk.branch',
  repository: 'lkard.apk.repository',
  architecture: 'lkard.apk.architecture',
  nonce: 'lkard.apk.nonce',
} as const;

/** What an index manifest says; its layers told apart. */
export interface IndexManifest {
  readonly group: Omit<Group, 'image'>;
  readonly createdMs: number;
  /** Signature member and the content's head, in one layer. */
  readonly head: Descriptor;
  readonly v2Runs: readonly RunDescriptors[];
  readonly tail: Descriptor;
  /** Undefined where it lists no v3 packages. */
  readonly v3Signatures: Descriptor | undefined;
  readonly v3Runs: readonly RunDescriptors[];
}

/** The two layers of a run. */
export interface RunDescriptors {
  readonly part: Descriptor;
  readonly details: Descriptor;
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
  },
  nonce: string,
  profile: { readonly artifactType: boolean },
): Uint8Array {
  const { group, content, signedHead, v3Signatures } = index;
  return formatManifest({
    artifactType: profile.artifactType ? indexArtifactType : undefined,
    config: emptyConfig(emptyConfigType),
    layers: [
      layer(indexPartType, partOf(signedHead)),
      ...content.v2Runs.flatMap((run) => [layer(indexPartType, run.part), layer(indexDetailsType, run.details)]),
      layer(indexPartType, content.tail),
      ...(v3Signatures === undefined ? [] : [layer(indexV3SignaturesType, partOf(v3Signatures))]),
      ...content.v3Runs.flatMap((run) => [layer(indexV3PartType, run.part), layer(indexV3DetailsType, run.details)]),
    ],
    annotations: {
      [annotation.created]: new Date(index.createdMs).toISOString(),
      [annotation.branch]: group.branch,
      [annotation.repository]: group.repository,
      [annotation.architecture]: group.architecture,
      [annotation.nonce]: nonce,
    },
  });
}

/** The index that a manifest describes. Throws INDEX_MALFORMED or STORE_ANSWER_INVALID where it describes none. */
export function parseIndexManifest(bytes: Uint8Array): IndexManifest {
  const { annotations, layers } = parseManifest(bytes);
  const ofType = (type: string) => layers.filter(({ mediaType }) => mediaType === type);
  const parts = ofType(indexPartType);
  const head = parts.at(0);
  const tail = parts.at(-1);
  const v2Runs = runsOf(parts.slice(1, -1), ofType(indexDetailsType));
  const v3Runs = runsOf(ofType(indexV3PartType), ofType(indexV3DetailsType));
  const [v3Signatures] = ofType(indexV3SignaturesType);
  const created = Date.parse(annotations[annotation.created] ?? '');
  const isWhole = parts.length > 1 && v2Runs !== undefined && v3Runs !== undefined && !Number.isNaN(created);
  if (head === undefined || tail === undefined || !isWhole) {
    throw new GatewayError('INDEX_MALFORMED', 'a stored index has other layers than an index has');
  }
  return {
    group: {
      branch: annotations[annotation.branch] ?? '',
      repository: annotations[annotation.repository] ?? '',
      architecture: annotations[annotation.architecture] ?? '',
    },
    createdMs: created,
    head,
    v2Runs,
    tail,
    v3Signatures,
    v3Runs,
  };
}

/** Undefined where not each part has its details. */
function runsOf(parts: readonly Descriptor[], details: readonly Descriptor[]): readonly RunDescriptors[] | undefined {
  if (parts.length !== details.length) return undefined;
  return parts.flatMap((part, i) => (details[i] === undefined ? [] : [{ part, details: details[i] }]));
}

function layer(mediaType: string, { bytes, digest }: Part): Descriptor {
  return { mediaType, digest, size: bytes.length };
}
