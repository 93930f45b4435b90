import { parseManifest } from '../../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import type { Stamp } from '../../time/stamps.ts';
import type { Marker } from './marker.ts';
import { readArtifact } from './read-artifact.ts';
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

/** Which id has a name, and in which version that is said; undefined where nothing of ours says so. */
export async function readName(image: ImageStore, tag: string, call: CallOptions) {
  const word = await readArtifact(image, tag, idNamedIn, call);
  return word && { digest: word.digest, id: word.value };
}

function idNamedIn(bytes: Uint8Array): string | undefined {
  const id = parseManifest(bytes).annotations[annotationOf.name] ?? '';
  return isSnapshotId(id) ? id : undefined;
}
