import { GatewayError, isGatewayError } from '../../errors.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { Marker } from './marker.ts';
import { isSnapshotId } from './snapshot-tag.ts';

/** What is said of a snapshot by a tag alone: it is gone; whoever makes it is taken for dead; it has its name. */
export interface SnapshotWord {
  readonly tag: string;
  readonly id: string;
  readonly says: keyof typeof annotationOf;
  readonly created: Stamp;
}

const annotationOf = { gone: 'lkard.apk.buries', doubt: 'lkard.apk.doubts', name: 'lkard.apk.names' } as const;

/** What says it. */
export function wordMarker({ tag, id, says, created }: SnapshotWord): Marker {
  return {
    tag,
    artifactType: `application/vnd.lkard.apk.snapshot.${says}.v1`,
    annotations: {
      'org.opencontainers.image.created': new Date(created).toISOString(),
      'lkard.apk.tag': tag,
      [annotationOf[says]]: id,
    },
  };
}

/** The id that has a name, as what stands under the name's tag says; undefined where that is none of ours. */
export function idNamedIn(bytes: Uint8Array): string | undefined {
  try {
    const id = parseManifest(bytes).annotations[annotationOf.name] ?? '';
    return isSnapshotId(id) ? id : undefined;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/** Which id has a name; undefined where nothing of ours says so: who may push can put anything there, of any size. */
export async function readName(image: ImageStore, tag: string, call: CallOptions) {
  try {
    const word = await image.fetchManifest(tag, call);
    const id = word && idNamedIn(word.bytes);
    return word && id !== undefined ? { digest: word.digest, id } : undefined;
  } catch (error) {
    if (isGatewayError(error, 'SIZE_EXCEEDED', 'STORE_ANSWER_INVALID')) return undefined;
    throw error;
  }
}
