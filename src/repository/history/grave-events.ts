import { createByteBoundedCache } from '../../concurrency/bounded-cache.ts';
import type { CallOptions, ImageStore } from '../../store/store.ts';
import { buriedBy, tagStamp } from '../artifacts/package-tag.ts';
import { readDeath, type ToldDeath } from '../publishing/told-death.ts';
import type { HistoryEvent } from '../service/history.ts';
import { arrivalOf } from './listed-events.ts';

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
    const death = await readDeath(image, tombstone, call);
    if (death === undefined) return [];
    const events = death === 'nothing' ? [] : eventsOf(tombstone, death);
    known.set(key, events);
    return events;
  };
}

function eventsOf(tombstone: string, death: ToldDeath): readonly HistoryEvent[] {
  const { architecture, name, version, fileName, digest, why, by, reason, atMs } = death;
  const what = { ...{ architecture, name, version, fileName }, ...(digest && { digest }) };
  const event = why === 'withdrawn' ? 'withdrawn' : 'deleted';
  return [
    { ...arrivalOf(death, new Date(tagStamp(buriedBy(tombstone)))), ...what },
    { event, at: new Date(atMs), by, reason, ...what },
  ];
}
