import { packageFileName } from '../../apk/package-name.ts';
import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import { isGatewayError } from '../../errors.ts';
import { isDigest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { buriedBy, tagStamp } from '../artifacts/package-tag.ts';
import type { HistoryEvent } from '../service/history.ts';

/** What a tombstone tells: when its package came and left; nothing where nobody was ever told of that package. */
export type EventsOfGrave = (
  image: ImageStore,
  tombstone: string,
  call: CallOptions,
) => Promise<readonly HistoryEvent[]>;

/** Of all events in memory. */
const maxBytes = 8 * 2 ** 20;

/** Reads each tombstone once: it is final. */
export function createGraveEvents(): EventsOfGrave {
  const known = createByteBoundedCache<readonly HistoryEvent[]>(
    maxBytes,
    (events) => 200 + 2 * JSON.stringify(events).length,
  );
  return async (image, tombstone, call) => {
    const key = `${image.image} ${tombstone}`;
    const last = known.get(key);
    if (last !== undefined) return last;
    const annotations = await annotationsOf(image, tombstone, call);
    const events = annotations === undefined ? [] : eventsIn(tombstone, annotations);
    if (annotations !== undefined) known.set(key, events);
    return events;
  };
}

function eventsIn(tombstone: string, annotations: Readonly<Record<string, string>>): readonly HistoryEvent[] {
  const told = (key: string) => annotations[`lkard.apk.death.${key}`];
  const [architecture, name, version, digest, why] = ['architecture', 'name', 'version', 'digest', 'why'].map(told);
  const leftMs = Date.parse(annotations['org.opencontainers.image.created'] ?? '');
  if (architecture === undefined || name === undefined || version === undefined || Number.isNaN(leftMs)) return [];
  const what = {
    ...{ architecture, name, version, fileName: packageFileName(name, version) },
    ...(isDigest(digest) && { digest }),
  };
  const event = why === 'withdrawn' ? 'withdrawn' : 'deleted';
  return [
    { event: 'published', at: new Date(tagStamp(buriedBy(tombstone))), ...what },
    { event, at: new Date(leftMs), by: told('by'), reason: told('reason'), ...what },
  ];
}

async function annotationsOf(image: ImageStore, tombstone: string, call: CallOptions) {
  try {
    const manifest = await image.fetchManifest(tombstone, call);
    return manifest && parseManifest(manifest.bytes).annotations;
  } catch (error) {
    // One planted tag must not hide the others: no manifest of ours is like that.
    if (isGatewayError(error, 'SIZE_EXCEEDED', 'STORE_ANSWER_INVALID')) return {};
    throw error;
  }
}
