import { LRUCache } from 'lru-cache';
import { msSince, type MonotonicClock, type MonotonicMs } from '../../../time/monotonic.ts';
import { hashCredentials, type RegistryCredentials } from '../login/registry-credentials.ts';
import type { Credentials } from '../../store.ts';

/** What one caller lately read of one image, by which a later "no such image" is known to be wrong. */
export interface ImageSight {
  /** The registry has just given this caller something of the image. */
  note(): void;
  /** Something of the image was removed through this gateway: it may be gone as a whole now. */
  forget(): void;
  isRecent(): boolean;
}

/** The sights of all callers and images. */
export interface ImageSights {
  of(image: string, credentials: Credentials): ImageSight;
}

const recentMs = 60_000;
const maxRemembered = 10_000;

/** Remembers sights for a minute, each for its caller alone: what a stranger may not see is hidden from them, not gone. */
export function createImageSights(clock: MonotonicClock): ImageSights {
  const seen = new LRUCache<string, MonotonicMs>({ max: maxRemembered });
  const removals = new LRUCache<string, MonotonicMs>({ max: maxRemembered });
  return {
    of: (image, credentials) => {
      const key = `${image}@${callerOf(credentials)}`;
      return {
        note: () => void seen.set(key, clock.monotonicMs()),
        forget: () => void removals.set(image, clock.monotonicMs()),
        isRecent: () => {
          const at = seen.get(key);
          return at !== undefined && msSince(clock, at) < recentMs && at > (removals.get(image) ?? -Infinity);
        },
      };
    },
  };
}

function callerOf(credentials: Credentials): string {
  return credentials.kind === 'gateway' ? credentials.kind : hashCredentials(credentials satisfies RegistryCredentials);
}
