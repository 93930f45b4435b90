import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { emptyConfig, emptyConfigType, formatManifest, parseManifest } from '../../oci/manifest.ts';
import { GatewayError } from '../../errors.ts';
import type { Group } from '../../protocol/coordinates.ts';
import type { IndexContent } from './index-content.ts';

/** The artifactType of an index; left out for registries that take only types they know. */
export const indexArtifactType = 'application/vnd.lkard.apk.index.v1';
/** The layers that, joined in order, are the bytes of APKINDEX.tar.gz. */
export const indexPartType = 'application/vnd.lkard.apk.index.part.v1';
/** What stands behind each run: for every record of it the file's digest and its tags. */
export const indexDetailsType = 'application/vnd.lkard.apk.index.details.v1+zlib';

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
  readonly runs: readonly { readonly part: Descriptor; readonly details: Descriptor }[];
  readonly tail: Descriptor;
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
    readonly content: IndexContent;
  },
  nonce: string,
  profile: { readonly artifactType: boolean },
): Uint8Array {
  const { group, content } = index;
  return formatManifest({
    artifactType: profile.artifactType ? indexArtifactType : undefined,
    config: emptyConfig(emptyConfigType),
    layers: [
      part(index.signedHead, digestOf(index.signedHead)),
      ...content.runs.flatMap((run) => [
        part(run.part.bytes, run.part.digest),
        { mediaType: indexDetailsType, digest: run.details.digest, size: run.details.bytes.length },
      ]),
      part(content.tail.bytes, content.tail.digest),
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
  const parts = layers.filter((layer) => layer.mediaType === indexPartType);
  const details = layers.filter((layer) => layer.mediaType === indexDetailsType);
  const head = parts.at(0);
  const tail = parts.at(-1);
  const created = Date.parse(annotations[annotation.created] ?? '');
  if (head === undefined || tail === undefined || parts.length !== details.length + 2 || Number.isNaN(created)) {
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
    runs: parts
      .slice(1, -1)
      .flatMap((run, i) => (details[i] === undefined ? [] : [{ part: run, details: details[i] }])),
    tail,
  };
}

function part(bytes: Uint8Array, digest: Digest): Descriptor {
  return { mediaType: indexPartType, digest, size: bytes.length };
}
