import { packageFileName } from '../../apk/package-name.ts';
import { isGatewayError } from '../../errors.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { parsePackageProvenance, type PackageProvenance } from '../artifacts/package-provenance.ts';

/** What a tombstone remembers of what died. */
export interface ToldDeath {
  readonly atMs: number;
  readonly why: string | undefined;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly architecture: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest | undefined;
  readonly size: number | undefined;
  readonly pushedBy: string | undefined;
  readonly provenance: PackageProvenance | undefined;
}

/**
 * What a tombstone tells; `nothing` where nobody was ever told of that package, or somebody planted it. Undefined where there is
 * none.
 */
export async function readDeath(
  image: ImageStore,
  tombstone: string,
  call: CallOptions,
): Promise<ToldDeath | 'nothing' | undefined> {
  try {
    const manifest = await image.fetchManifest(tombstone, call);
    return manifest && deathIn(parseManifest(manifest.bytes).annotations);
  } catch (error) {
    // One planted tag must not hide the others: no manifest of ours is like that.
    if (isGatewayError(error, 'SIZE_EXCEEDED', 'STORE_ANSWER_INVALID')) return 'nothing';
    throw error;
  }
}

function deathIn(annotations: Readonly<Record<string, string>>): ToldDeath | 'nothing' {
  const told = (key: string) => annotations[`lkard.apk.death.${key}`];
  const [architecture, name, version, digest, size] = ['architecture', 'name', 'version', 'digest', 'size'].map(told);
  const atMs = Date.parse(annotations['org.opencontainers.image.created'] ?? '');
  if (architecture === undefined || name === undefined || version === undefined || Number.isNaN(atMs)) return 'nothing';
  return {
    ...{ atMs, why: told('why'), by: told('by'), reason: told('reason') },
    ...{ architecture, name, version, fileName: packageFileName(name, version) },
    digest: isDigest(digest) ? digest : undefined,
    size: /^\d{1,15}$/.test(size ?? '') ? Number(size) : undefined,
    pushedBy: told('pushed-by'),
    provenance: parsePackageProvenance(told('provenance')),
  };
}
