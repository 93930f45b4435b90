import { isGatewayError } from '../../errors.ts';
import { emptyConfig, emptyConfigType, formatManifest } from '../../oci/manifest.ts';
import type { Clock, Log } from '../../ports.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { ArtifactWriter } from '../artifacts/artifact-writer.ts';
import { tagTimeMs, tombstoneOf } from '../artifacts/package-tag.ts';
import type { Sightings } from '../live/sightings.ts';

/** The artifactType of a tombstone. */
export const tombstoneArtifactType = 'application/vnd.lkard.apk.tombstone.v1';

export interface BurialDeps {
  readonly artifacts: ArtifactWriter;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly log: Log;
  readonly graceMs: number;
}

/** How a package tag dies. It never comes back. */
export interface Burial {
  /**
   * Removes a tag, as somebody who may delete asked for. Throws UNAUTHORIZED or FORBIDDEN where they may not, and then
   * nothing is changed. Where the store can't remove tags a tombstone is put instead; where the tag is young one is put as
   * well, since a replica whose reads lag could not tell an early 404 from one that is final.
   */
  remove(image: ImageStore, tag: string, options?: CallOptions): Promise<void>;
  /**
   * Buries a tag that lost its name to a rival: tombstone first, which needs no right but to push, and is all that a caller
   * waits for. The tag itself is removed behind, as far as that is allowed.
   */
  bury(image: ImageStore, tag: string, options?: CallOptions): Promise<void>;
}

export function createBurial(deps: BurialDeps): Burial {
  const putTombstone = (image: ImageStore, tag: string, options: CallOptions) =>
    deps.artifacts.put(
      image,
      tombstoneOf(tag),
      ({ artifactType }) => formatTombstone(tag, deps.clock.now(), artifactType),
      options,
    );

  return {
    async remove(image, tag, options = {}) {
      const isRemoved = await tryDelete(image, tag, options);
      const isYoung = deps.clock.now() - tagTimeMs(tag) < 2 * deps.graceMs;
      if (!isRemoved || isYoung) await putTombstone(image, tag, options);
      deps.sightings.dead(tag);
    },
    async bury(image, tag, options = {}) {
      await putTombstone(image, tag, options);
      deps.sightings.dead(tag);
      tryDelete(image, tag, {}).catch((error: unknown) => {
        deps.log.debug(
          { image: image.image, tag, err: error },
          'a buried tag could not be removed; its tombstone counts',
        );
      });
    },
  };
}

async function tryDelete(image: ImageStore, tag: string, options: CallOptions): Promise<boolean> {
  try {
    await image.deleteTag(tag, options);
    return true;
  } catch (error) {
    if (isGatewayError(error, 'DELETE_UNSUPPORTED')) return false;
    throw error;
  }
}

function formatTombstone(tag: string, nowMs: number, artifactType: boolean): Uint8Array {
  return formatManifest({
    artifactType: artifactType ? tombstoneArtifactType : undefined,
    config: emptyConfig(emptyConfigType),
    layers: [emptyConfig(emptyConfigType)],
    annotations: { 'org.opencontainers.image.created': new Date(nowMs).toISOString(), 'lkard.apk.buries': tag },
  });
}
