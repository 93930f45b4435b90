import type { Descriptor } from '../../oci/descriptor.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../oci/manifest.ts';
import { packageLayerType } from '../artifacts/package-manifest.ts';
import type { IndexContent } from '../index/index-content.ts';

/** The artifactType of a manifest that holds a snapshot's packages. */
export const snapshotPartArtifactType = 'application/vnd.lkard.apk.snapshot.part.v1';

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
export function formatSnapshotPart(
  tag: string,
  held: readonly HeldPackage[],
  profile: { readonly artifactType: boolean },
): Uint8Array {
  const config = emptyConfig(emptyConfigType);
  const layers = held.map(({ digest, size }) => ({ mediaType: packageLayerType, digest, size }));
  return formatManifest({
    artifactType: profile.artifactType ? snapshotPartArtifactType : undefined,
    config,
    layers: layers.length === 0 ? [config] : layers,
    // No two tags share a manifest: removing one by digest takes no other with it.
    annotations: { 'lkard.apk.tag': tag },
  });
}
