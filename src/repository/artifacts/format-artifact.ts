import type { Descriptor } from '../../oci/descriptor.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../oci/manifest.ts';

/** How a manifest may have to be written for a registry to take it. */
export interface ArtifactProfile {
  /** Whether to name an artifactType: some registries refuse any that isn't on their list. */
  readonly artifactType: boolean;
}

/** The manifest of an artifact of that type, with an empty config, and with that as its layer where it has no other. */
export function formatArtifact(
  artifactType: string,
  {
    layers,
    annotations,
  }: { readonly layers: readonly Descriptor[]; readonly annotations: Readonly<Record<string, string>> },
  profile: ArtifactProfile,
): Uint8Array {
  const config = emptyConfig(emptyConfigType);
  return formatManifest({
    artifactType: profile.artifactType ? artifactType : undefined,
    config,
    // Some registries want at least one (OCI image-spec, manifest.md, "Guidelines for Artifact Usage").
    layers: layers.length === 0 ? [config] : layers,
    annotations,
  });
}
