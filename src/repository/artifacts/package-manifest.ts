import type { IndexV3Entry } from '../../apk/index-v3/index-v3-entry.ts';
import { formatIndexV3Record, parseIndexV3Record } from '../../apk/index-v3/index-v3-record.ts';
import { packageFileName } from '../../apk/package-name.ts';
import { GatewayError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseManifest, type ImageManifest } from '../../oci/manifest.ts';
import type { Group } from '../../protocol/coordinates.ts';
import { formatArtifact, type ArtifactProfile } from './format-artifact.ts';
import { formatPackageProvenance, parsePackageProvenance, type PackageProvenance } from './package-provenance.ts';
import { formatPackageSignature, parsePackageSignature, type PackageSignature } from './package-signature.ts';
import { freshPartOf, packageTagOf, tagStamp } from './package-tag.ts';

/** The artifactType of a package's manifest; left out for registries that take only types they know. */
const packageArtifactType = 'application/vnd.lkard.apk.package.v1';
/** The media type of a package's one layer, the .apk byte for byte. */
export const packageLayerType = 'application/vnd.alpine.apk';

/** A package file as one tag in the registry holds it. Nothing of it ever changes: a tag is put once. */
export interface PackageRecord {
  readonly fileName: string;
  /** As the file was made for; the group that its tag belongs to. `all` counts as noarch. */
  readonly architecture: string;
  /** Of a package of either format: the identity tells which. */
  readonly entry: IndexV3Entry;
  /** Digest and size of the whole file. */
  readonly digest: Digest;
  readonly packager?: string | undefined;
  readonly pushedBy?: string | undefined;
  readonly signature?: PackageSignature | undefined;
  /** Where it wasn't pushed to this place. */
  readonly provenance?: PackageProvenance | undefined;
}

const annotation = {
  title: 'org.opencontainers.image.title',
  created: 'org.opencontainers.image.created',
  tag: 'lkard.apk.tag',
  branch: 'lkard.apk.branch',
  repository: 'lkard.apk.repository',
  architecture: 'lkard.apk.architecture',
  record: 'lkard.apk.record',
  packager: 'lkard.apk.packager',
  pushedBy: 'lkard.apk.pushed-by',
  signature: 'lkard.apk.signature',
  provenance: 'lkard.apk.provenance',
} as const;

/**
 * The manifest of one package under one tag. The tag is inside, so no two tags share a manifest: removing one by digest,
 * which takes every tag of that digest on many registries, can't take another with it.
 */
export function formatPackageManifest(
  group: Group,
  tag: string,
  pkg: PackageRecord,
  profile: ArtifactProfile,
): Uint8Array {
  return formatArtifact(packageArtifactType, packageContents(group, tag, pkg), profile);
}

/** The layer that holds a package's file, and what the annotations tell of it under one tag. */
export function packageContents(
  group: Group,
  tag: string,
  pkg: PackageRecord,
): Pick<ImageManifest, 'layers' | 'annotations'> {
  return {
    layers: [
      {
        mediaType: packageLayerType,
        digest: pkg.digest,
        size: pkg.entry.fileSize,
        annotations: { [annotation.title]: pkg.fileName },
      },
    ],
    annotations: {
      [annotation.created]: new Date(tagStamp(tag)).toISOString(),
      [annotation.tag]: tag,
      [annotation.branch]: group.branch,
      [annotation.repository]: group.repository,
      [annotation.architecture]: group.architecture,
      [annotation.record]: formatIndexV3Record(pkg.entry),
      ...(pkg.packager === undefined ? {} : { [annotation.packager]: pkg.packager }),
      ...(pkg.pushedBy === undefined ? {} : { [annotation.pushedBy]: pkg.pushedBy }),
      ...(pkg.signature === undefined ? {} : { [annotation.signature]: formatPackageSignature(pkg.signature) }),
      ...(pkg.provenance === undefined ? {} : { [annotation.provenance]: formatPackageProvenance(pkg.provenance) }),
    },
  };
}

/**
 * The package under `tag`, or undefined where the manifest is not a package's, or not this tag's: anybody who may push can put
 * anything there, and one bad record would make clients drop the whole repository. The record is parsed and will be
 * formatted again; its size must be the layer's.
 */
export function parsePackageManifest(
  tag: string,
  bytes: Uint8Array,
): { readonly group: Omit<Group, 'image'>; readonly pkg: PackageRecord } | undefined {
  try {
    return readPackageManifest(tag, bytes);
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function readPackageManifest(tag: string, bytes: Uint8Array) {
  const { annotations, layers } = parseManifest(bytes);
  const [layer, ...others] = layers;
  const record = annotations[annotation.record];
  if (annotations[annotation.tag] !== tag || layer === undefined || others.length > 0 || record === undefined) {
    return undefined;
  }
  // Copied: strings cut from a text keep all of it in memory, and there may be 100,000.
  const entry = structuredClone(parseIndexV3Record(record));
  const architecture = annotations[annotation.architecture] ?? '';
  if (entry.fileSize !== layer.size || entry.architecture !== architecture) return undefined;
  const group = {
    branch: annotations[annotation.branch] ?? '',
    repository: annotations[annotation.repository] ?? '',
    architecture,
  };
  const fileName = packageFileName(entry.name, entry.version);
  if (packageTagOf(group, { fileName, identity: entry.identity }, freshPartOf(tag)) !== tag) return undefined;
  const pkg: PackageRecord = {
    fileName,
    architecture,
    entry,
    digest: layer.digest,
    packager: annotations[annotation.packager],
    pushedBy: annotations[annotation.pushedBy],
    signature: parsePackageSignature(annotations[annotation.signature]),
    provenance: parsePackageProvenance(annotations[annotation.provenance]),
  };
  return { group, pkg };
}

/** `<architecture>/<file name>`: what a file is called within its repository, by the architecture that it was made for. */
export function pathOf({ architecture, fileName }: Pick<PackageRecord, 'architecture' | 'fileName'>): string {
  return `${architecture}/${fileName}`;
}
