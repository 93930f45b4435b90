import { isGatewayError } from '../../errors.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { Log } from '../../ports.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { putMarker } from '../artifacts/marker.ts';
import type { PackageRecord } from '../artifacts/package-manifest.ts';
import { formatPackageProvenance } from '../artifacts/package-provenance.ts';
import { readArtifact } from '../artifacts/read-artifact.ts';
import { tombstoneOf } from '../artifacts/package-tag.ts';
import type { Sightings } from '../live/sightings.ts';

/** The artifactType of a tombstone. */
const tombstoneArtifactType = 'application/vnd.lkard.apk.tombstone.v1';

const createdAnnotation = 'org.opencontainers.image.created';
const reasonAnnotation = 'lkard.apk.reason';

export interface BurialDeps {
  readonly artifacts: ArtifactWriter;
  readonly sightings: Sightings;
  readonly stamp: () => Stamp;
  readonly log: Log;
}

/**
 * Why a tag died. `withdrawn`: its own pusher took it back, and nobody was ever told of it. `deleted`: by anybody else, or
 * nobody knows.
 */
export type Reason = 'withdrawn' | 'deleted';

/** What a tombstone remembers of what died, for those who ask what has happened. Nothing depends on it. */
export interface Death {
  readonly why: string;
  readonly pkg: PackageRecord;
  readonly by?: string | undefined;
  /** One line, as people said it. */
  readonly reason?: string | undefined;
}

/** How a package tag dies. It never comes back, and a tombstone says so. */
export interface Burial {
  /**
   * Removes a tag, as somebody who may delete asked for. Throws UNAUTHORIZED or FORBIDDEN where they may not, and then
   * nothing is changed: the store decides that, so the removal comes first, and nothing but the tombstone where it can't
   * remove tags. The tombstone tells of the death.
   */
  remove(image: ImageStore, tag: string, death: Death | undefined, options?: CallOptions): Promise<void>;
  /**
   * Buries a tag that can't have its name: tombstone first, which needs no right but to push, and is all that a caller
   * waits for. The tag itself is removed behind, as far as that is allowed.
   */
  bury(image: ImageStore, tag: string, reason: Reason, options?: CallOptions): Promise<void>;
}

export function createBurial({ artifacts, sightings, stamp, log }: BurialDeps): Burial {
  const putTombstone = async (
    image: ImageStore,
    tag: string,
    { reason, death }: { readonly reason: Reason; readonly death?: Death | undefined },
    options: CallOptions,
  ) => {
    const annotations = {
      [createdAnnotation]: new Date(stamp()).toISOString(),
      'lkard.apk.buries': tag,
      [reasonAnnotation]: reason,
      ...(death && formatDeath(death)),
    };
    const marker = { tag: tombstoneOf(tag), artifactType: tombstoneArtifactType, annotations };
    await putMarker(artifacts.put, image, marker, options);
    sightings.buried(tag);
  };

  return {
    async remove(image, tag, death, options = {}) {
      await tryDelete(image, tag, options);
      await putTombstone(image, tag, { reason: 'deleted', death }, options);
    },
    async bury(image, tag, reason, options = {}) {
      await putTombstone(image, tag, { reason }, options);
      tryDelete(image, tag, {}).catch((error: unknown) => {
        log.debug({ image: image.image, tag, err: error }, 'a buried tag could not be removed; its tombstone counts');
      });
    },
  };
}

/** Why and when a tag died, as its tombstone tells. */
export async function readGrave(
  image: ImageStore,
  tombstone: string,
  call: CallOptions,
): Promise<{ readonly reason: Reason; readonly createdMs: number | undefined }> {
  const read = await readArtifact(image, tombstone, (bytes) => parseManifest(bytes).annotations, call);
  const createdMs = Date.parse(read?.value[createdAnnotation] ?? '');
  return {
    reason: read?.value[reasonAnnotation] === 'withdrawn' ? 'withdrawn' : 'deleted',
    createdMs: Number.isNaN(createdMs) ? undefined : createdMs,
  };
}

async function tryDelete(image: ImageStore, tag: string, options: CallOptions): Promise<void> {
  try {
    await image.deleteTag(tag, options);
  } catch (error) {
    if (!isGatewayError(error, 'DELETE_UNSUPPORTED')) throw error;
  }
}

function formatDeath({ why, pkg, by, reason }: Death): Readonly<Record<string, string>> {
  return {
    'lkard.apk.death.why': why,
    'lkard.apk.death.architecture': pkg.architecture,
    'lkard.apk.death.name': pkg.entry.name,
    'lkard.apk.death.version': pkg.entry.version,
    'lkard.apk.death.digest': pkg.digest,
    'lkard.apk.death.size': String(pkg.entry.fileSize),
    ...(pkg.pushedBy && { 'lkard.apk.death.pushed-by': pkg.pushedBy }),
    ...(pkg.provenance && { 'lkard.apk.death.provenance': formatPackageProvenance(pkg.provenance) }),
    ...(by === undefined ? {} : { 'lkard.apk.death.by': by }),
    ...(reason === undefined ? {} : { 'lkard.apk.death.reason': reason }),
  };
}
